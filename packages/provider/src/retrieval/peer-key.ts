/**
 * The provider's libp2p identity: made once and kept in its folder, so that the peer id survives restarts.
 * The file holds the key as Kubo's configuration does: base64 of its protobuf.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'

export type PeerKey = ReturnType<typeof import('@libp2p/crypto/keys').privateKeyFromProtobuf>

export interface PeerIdentity {
  readonly key: PeerKey
  readonly peerId: string
}

export class PeerKeyInvalidError extends GranaryError {
  constructor(path: string, cause: unknown) {
    super({
      code: 'PEER_KEY_INVALID',
      message: `${path} does not hold a libp2p key`,
      hint: 'restore it from a backup, or remove it to get a new peer id',
      details: { path },
      cause,
    })
  }
}

/** @throws PeerKeyInvalidError PEER_KEY_INVALID */
export async function loadPeerIdentity(folder: string): Promise<PeerIdentity> {
  // Loaded here: libp2p's parts are heavy, and most programs of this package never need them.
  const { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } = await import('@libp2p/crypto/keys')
  const { peerIdFromPrivateKey } = await import('@libp2p/peer-id')
  const path = join(folder, 'peer.key')
  const text = await readIfThere(path)
  if (text === undefined) {
    const key = await generateKeyPair('Ed25519')
    await writeFileDurably(path, `${Buffer.from(privateKeyToProtobuf(key)).toString('base64')}\n`, 0o600)
    return { key, peerId: peerIdFromPrivateKey(key).toString() }
  }
  try {
    const key = privateKeyFromProtobuf(new Uint8Array(Buffer.from(text.trim(), 'base64')))
    return { key, peerId: peerIdFromPrivateKey(key).toString() }
  } catch (cause) {
    throw new PeerKeyInvalidError(path, cause)
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (Error.isError(error) && Reflect.get(error, 'code') === 'ENOENT') return undefined
    throw error
  }
}
