/** Ed25519 of the smaller of noble's two libraries, which is given its hash: docs/adr/0062-what-a-put-and-a-get-load.md. */
import { getPublicKey, hashes, sign, verify } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'

hashes.sha512 = sha512

export const ed25519 = { getPublicKey, sign, verify }
