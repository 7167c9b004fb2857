import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKey, openKey } from '@granary/chain/keystore'
import { sessionSigner, verifySigner } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { openSessionKey } from './session-key.ts'

test('what the daemon signs is what the key signs everywhere, byte for byte', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-session-'))
  const paths = { sessionKey: join(folder, 'session.json'), nextSessionKey: join(folder, 'next.json') }
  await createKey(paths.sessionKey, 'for tests only', { light: true })
  const account = `0x${'0a'.repeat(20)}` as const
  const { signer } = await openSessionKey(paths, 'for tests only', account)
  const seed = await openKey(paths.sessionKey, await readFile(paths.sessionKey, 'utf8'), 'for tests only')
  const known = sessionSigner(seed, account)
  for (let first = 0; first < 4; first += 1) {
    const digest = new Uint8Array(32).fill(first)
    const signature = await signer.sign({ digest } as never)
    expect(signature).toEqual(known.sign({ digest }))
    expect(verifySigner(digest, signature)).toEqual({ type: 'session', publicKey: known.publicKey })
  }
  await rm(folder, { recursive: true })
})
