"""Runs in the container before the shim: fetches the shim from the datastore, and becomes it.

Standard library only; Python 3.9 and later. A job's command passes the text of this file, from the first import on, to
`python -c`. Batch has no init container that Step Functions could use: jobs of several containers (`ecsProperties`)
refuse the `containerOverrides` that `submitJob.sync` always sends (docs/targets/step-functions.md). Signing: AWS
Signature Version 4. Credentials: from the environment, the job's role or the instance, in AWS's own order.
"""

import datetime
import hashlib
import hmac
import io
import json
import os
import sys
import tempfile
import urllib.parse
import urllib.request
import zipfile

INSTANCE = "http://169.254.169.254/latest/"


def get(url: str, headers: dict[str, str], method: str = "GET") -> bytes:
    return bytes(urllib.request.urlopen(urllib.request.Request(url, headers=headers, method=method), timeout=60).read())


def instance(path: str) -> str:
    token = get(INSTANCE + "api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"}, "PUT").decode()
    return get(INSTANCE + "meta-data/" + path, {"X-aws-ec2-metadata-token": token}).decode()


def credentials(env: dict[str, str]) -> tuple[str, str, str]:
    if env.get("AWS_ACCESS_KEY_ID"):
        return env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN", "")
    if env.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        found = json.loads(get("http://169.254.170.2" + env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], {}))
    else:
        roles = "iam/security-credentials/"
        found = json.loads(instance(roles + instance(roles).split("\n")[0]))
    return found["AccessKeyId"], found["SecretAccessKey"], found["Token"]


def fetch(env: dict[str, str], bucket: str, key: str, now: datetime.datetime) -> bytes:
    region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or instance("placement/region")
    access, secret, session = credentials(env)
    suffix = ".cn" if region.startswith("cn-") else ""
    endpoint = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or f"https://s3.{region}.amazonaws.com{suffix}"
    url = f"{endpoint.rstrip('/')}/{bucket}/{urllib.parse.quote(key, safe='/~')}"
    place = urllib.parse.urlsplit(url)
    stamp, empty = now.strftime("%Y%m%dT%H%M%SZ"), hashlib.sha256(b"").hexdigest()
    headers = {"host": place.netloc, "x-amz-content-sha256": empty, "x-amz-date": stamp}
    if session:
        headers["x-amz-security-token"] = session
    signed = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = f"GET\n{place.path}\n\n{lines}\n{signed}\n{empty}"
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    signature = ("AWS4" + secret).encode()
    for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"):
        signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={access}/{scope},SignedHeaders={signed},Signature={signature.hex()}"
    return get(url, headers)


def main() -> None:
    bucket, _, key = os.environ["FLOWC_RUNTIME"][len("s3://") :].partition("/")
    folder = tempfile.mkdtemp(prefix="flowc-")
    try:
        archive = fetch(dict(os.environ), bucket, key, datetime.datetime.now(datetime.timezone.utc))
        zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
    except Exception as error:
        print(f"flowc: cannot fetch the shim from {os.environ['FLOWC_RUNTIME']}: {error}", file=sys.stderr)
        sys.exit(3)
    os.execv(sys.executable, [sys.executable, "-S", folder, *sys.argv[1:]])


if __name__ == "__main__":
    main()
