import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { runningNetworks } from '../config/running-networks.ts'
import { startDevnet } from './start-devnet.ts'

test('a devnet that is asked to stop when its last program has just started does not stay', async () => {
  const home = await mkdtemp(join(tmpdir(), 'granary-cli-devnet-'))
  const env = { ...process.env, GRANARY_HOME: join(home, 'user') }
  const asked = new AbortController()
  let url = ''
  const starting = startDevnet({
    ...{ providers: 0, env, home: join(home, 'devnet'), signal: asked.signal },
    onStarted: (child) => {
      url = child.url
      asked.abort()
    },
  })
  await expect(starting).rejects.toMatchObject({ name: 'AbortError' })
  expect(existsSync(join(home, 'devnet', 'chain'))).toBe(true)
  await expect(fetch(url)).rejects.toThrow()
  expect(await runningNetworks(env)).toEqual([])
  await rm(home, { recursive: true })
})
