/** ECDSA of the smaller of noble's two libraries, which is given its hashes: docs/adr/0062-what-a-put-and-a-get-load.md. */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { getPublicKey, hashes, recoverPublicKey, Signature, sign } from '@noble/secp256k1'

hashes.sha256 = sha256
hashes.hmacSha256 = (key, message) => hmac(sha256, key, message)

export const secp256k1 = { getPublicKey, recoverPublicKey, Signature, sign }
