"""A bill of materials of a flow's locked packages, as CycloneDX 1.5 or SPDX 2.3, in JSON.

It comes from the locks alone, so the same locks give the same bytes: its number is derived from its content, and it
names no time but that of the newest file.
"""

from __future__ import annotations

import json
import uuid

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract.version import VERSION

from .pylock import CondaPackage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .licenses import License
    from .pylock import Lock, Wheel

_NAMESPACE = uuid.UUID("5b7a4a54-7d0f-5c8e-9d6e-1f6f0c3b7a11")  # of flowc's documents, made once
_EPOCH = "1970-01-01T00:00:00Z"


@record
class Component:
    """One file that environments hold."""

    purl: str
    name: str
    version: str
    url: str
    sha256: str
    license: str
    is_expression: bool  # of SPDX
    environments: tuple[str, ...]


def dumps(flow: str, locks: Iterable[Lock], form: str, licenses: dict[tuple[str, str], License]) -> str:
    """Returns the document. `licenses` may be empty; conda's are known anyway."""
    of_locks = sorted(locks, key=lambda lock: (lock.name, lock.platform.name))
    components = _components(of_locks, licenses)
    newest = max((wheel.uploaded for lock in of_locks for wheel in lock.wheels if wheel.uploaded), default=_EPOCH)
    document = (_spdx if form == "spdx" else _cyclonedx)(flow, components, newest)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _components(locks: list[Lock], licenses: dict[tuple[str, str], License]) -> list[Component]:
    components: dict[str, Component] = {}
    for lock in locks:
        where = f"{lock.name} {lock.platform.name} {lock.environment}"
        packages: list[Wheel | CondaPackage] = [*lock.wheels, *lock.conda]
        for package in packages:
            purl = _purl(package)
            license = licenses.get((package.name, package.version))
            text = license.text if license is not None and license.source else str(getattr(package, "license", ""))
            digest = package.sha256 if getattr(package, "built", "") != "directory" else ""
            before = components[purl].environments if purl in components else ()
            is_expression = license is not None and license.source == "License-Expression"
            components[purl] = Component(
                purl, package.name, package.version, package.url, digest, text, is_expression, (*before, where)
            )
    return [components[purl] for purl in sorted(components)]


def _purl(package: Wheel | CondaPackage) -> str:
    """Returns the package URL (purl-spec, types pypi and conda)."""
    from urllib.parse import quote

    if isinstance(package, CondaPackage):
        kind = "conda" if package.file.endswith(".conda") else "tar.bz2"
        channel = quote(package.url.rsplit("/", 2)[0], safe=":/")
        values = f"build={quote(package.build)}&channel={channel}&subdir={package.subdir}&type={kind}"
        return f"pkg:conda/{quote(package.name)}@{quote(package.version)}?{values}"
    own = f"pkg:pypi/{quote(package.name)}@{quote(package.version)}"
    if package.built == "git":
        return f"{own}?vcs_url={quote(f'git+{package.url}@{package.commit}', safe=':/')}"
    if package.built == "directory":
        return own
    if package.direct:
        return f"{own}?download_url={quote(package.url, safe=':/')}"
    return f"{own}?file_name={quote(package.file)}"


def _number(flow: str, components: list[Component]) -> uuid.UUID:
    what = "\n".join(
        [flow, *(f"{component.purl} {component.sha256} {' '.join(component.environments)}" for component in components)]
    )
    return uuid.uuid5(_NAMESPACE, what)


def _cyclonedx(flow: str, components: list[Component], _newest: str) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{_number(flow, components)}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "flowc", "version": VERSION}]},
            "component": {"type": "application", "bom-ref": f"flow:{flow}", "name": flow},
        },
        "components": [_cyclonedx_component(component) for component in components],
        "compositions": [{"aggregate": "incomplete", "assemblies": [f"flow:{flow}"]}],  # images hold more
    }


def _cyclonedx_component(component: Component) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "library",
        "bom-ref": component.purl,
        "name": component.name,
        "version": component.version,
        "purl": component.purl,
    }
    if component.sha256:
        entry["hashes"] = [{"alg": "SHA-256", "content": component.sha256}]
    if component.license:
        text = component.license
        entry["licenses"] = [{"expression": text} if component.is_expression else {"license": {"name": text}}]
    if "://" in component.url:
        entry["externalReferences"] = [{"type": "distribution", "url": component.url}]
    entry["properties"] = [
        {"name": "flowc:environment", "value": environment} for environment in component.environments
    ]
    return entry


def _spdx(flow: str, components: list[Component], newest: str) -> dict[str, Any]:
    root = "SPDXRef-flow"
    packages = [_spdx_package(at, component) for at, component in enumerate(components, 1)]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", root)]
    relations += [(root, "DEPENDS_ON", package["SPDXID"]) for package in packages]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": flow,
        "documentNamespace": f"urn:uuid:{_number(flow, components)}",
        "creationInfo": {"created": newest.split(".")[0].rstrip("Z") + "Z", "creators": [f"Tool: flowc-{VERSION}"]},
        "packages": [
            {"SPDXID": root, "name": flow, "downloadLocation": "NOASSERTION", "filesAnalyzed": False},
            *packages,
        ],
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relations
        ],
    }


def _spdx_package(number: int, component: Component) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "SPDXID": f"SPDXRef-package-{number}",
        "name": component.name,
        "versionInfo": component.version,
        "downloadLocation": component.url if "://" in component.url else "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": component.license if component.is_expression else "NOASSERTION",
        "comment": "; ".join(component.environments),
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": component.purl}
        ],
    }
    if component.license and not component.is_expression:  # as the package states it
        entry["licenseComments"] = component.license
    if component.sha256:
        entry["checksums"] = [{"algorithm": "SHA256", "checksumValue": component.sha256}]
    return entry
