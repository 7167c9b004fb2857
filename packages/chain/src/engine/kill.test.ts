import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { fundedSigner, newSigner, temporaryFolder } from '../../test/devnet.ts'
import { createChainClient, sendMessage, type TxView } from '../client/index.ts'
import { initChain, runChain } from '../main.ts'

const script = fileURLToPath(new URL('../../test/run-node.ts', import.meta.url))
const flags = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']
const KILLS = 5

let home: string
let child: ChildProcess | undefined

beforeEach(async () => {
  home = await temporaryFolder()
  await initChain({ home, devnet: true, blockTimeMs: 20 })
})

afterEach(async () => {
  await kill()
  await rm(home, { recursive: true })
})

async function start(): Promise<string> {
  child = spawn(process.execPath, [...flags, script, home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: child.stdout! }), 'line')
  return String(line)
}

async function kill(): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

test('a node that is killed at any moment goes on at a block boundary, with every transaction it acknowledged', async () => {
  const acknowledged: TxView[] = []
  const to = newSigner().address
  for (let round = 0; round < KILLS; round += 1) {
    const chain = createChainClient({ url: await start(), retries: 0 })
    const signer = await fundedSigner(chain)
    const dead = new AbortController()
    const { signal } = dead
    const sending = (async () => {
      for (;;)
        acknowledged.push(await sendMessage({ chain, signer, kind: 'Transfer', body: { to, amount: 1n } }, { signal }))
    })()
    await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 200))
    await kill()
    dead.abort(new Error('the node was killed'))
    await expect(sending).rejects.toThrow()
  }

  const node = await runChain({ home, port: 0 })
  try {
    const chain = createChainClient({ url: node.url })
    for (const tx of acknowledged) expect(await chain.tx(tx.id)).toEqual(tx)
    expect(acknowledged.length).toBeGreaterThanOrEqual(KILLS)
    const { height } = await chain.status()
    const received: unknown[] = []
    for await (const event of chain.events({ since: '0' })) {
      if (event.type === 'transfer' && event.to === to) received.push(event.id)
      if (event.type === 'block' && event.height === height) break
    }
    // One more a round may have been committed without its answer reaching anybody.
    expect(received.length).toBeGreaterThanOrEqual(acknowledged.length)
    expect(received.length).toBeLessThanOrEqual(acknowledged.length + KILLS)
    expect((await chain.account(to)).balance).toBe(String(received.length))
    for (let each = 1; each <= height; each += 1)
      expect((await chain.block(each)).header.previousHash).toBe((await chain.block(each - 1)).hash)
  } finally {
    await node.stop()
  }
})
