"""A device with one passkey, in software: it answers as browsers write it."""

import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


class SoftwareKey:
    """Answers from ``origin``; ``verifies`` says whether it saw a finger, a face or a PIN."""

    def __init__(self, origin: str = "https://testserver", *, verifies: bool = True) -> None:
        self.origin = origin
        self.verifies = verifies
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.handle = ""

    def made(self, options: dict[str, Any]) -> str:
        """The answer to a page that asks for a new passkey."""
        asked = options["publicKey"]
        self.handle = asked["user"]["id"]
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        attested = {
            "fmt": "none",
            "attStmt": {},
            "authData": self._data(asked["rp"]["id"], ATTESTED) + credential,
        }
        return self._answer(
            asked["challenge"],
            "webauthn.create",
            lambda client: {"attestationObject": websafe_encode(cbor.encode(attested))},
        )

    def signed(self, options: dict[str, Any]) -> str:
        """The answer to a page that asks who it is."""
        asked = options["publicKey"]
        data = self._data(asked["rpId"])

        def response(client: bytes) -> dict[str, str]:
            covered = data + hashlib.sha256(client).digest()
            return {
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(self.key.sign(covered, ec.ECDSA(SHA256()))),
                "userHandle": self.handle,
            }

        return self._answer(asked["challenge"], "webauthn.get", response)

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + bytes(4)

    def _answer(self, challenge: str, kind: str, response: Any) -> str:
        said = {"type": kind, "challenge": challenge, "origin": self.origin}
        client = json.dumps(said).encode()
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "clientExtensionResults": {"credProps": {"rk": True}},
                "response": {"clientDataJSON": websafe_encode(client), **response(client)},
            }
        )
