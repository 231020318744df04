"""The clients by which a task reads the secrets of `@secrets`. Each belongs to its backend's owner."""

from __future__ import annotations

# backend → the module that is imported, and the packages that contain it
SECRET_CLIENTS = {
    "aws-secrets-manager": ("boto3", "boto3"),
    "gcp-secret-manager": ("google.cloud.secretmanager_v1", "google-cloud-secret-manager"),
    "az-key-vault": ("azure.keyvault.secrets", "azure-keyvault-secrets azure-identity"),
}
