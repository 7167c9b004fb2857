/** docs/operations/provider.md by the installed program, where that takes longer than a devnet does. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createWorkbench } from './harness.ts'
import { operateProduction } from './operate-production.ts'
import { npmInstall, packAll, whyNoRegistry } from './packed.ts'

const MINUTES = 60_000
const noRegistry = whyNoRegistry()
const installed = noRegistry === undefined ? test : test.skip
const why = noRegistry === undefined ? '' : `: nothing can be installed here, ${noRegistry}`

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-operations-'))
  if (noRegistry === undefined) await npmInstall(join(folder, 'program'), (await packAll(folder)).values())
}, 8 * MINUTES)
afterAll(() => rm(folder, { recursive: true, force: true }))

installed(
  `on a chain for production a provider is set up before its chain is there, and takes a deal${why}`,
  async () => {
    const bench = createWorkbench(join(folder, 'program/node_modules/granary/bin/granary.js'))
    try {
      const { findings, deals } = await operateProduction(bench)
      const { address, ...others } = findings
      expect([address, new Set(Object.values(others))]).toEqual(['note', new Set(['ok'])])
      expect(deals).toHaveLength(1)
    } finally {
      await bench.close()
    }
  },
  5 * MINUTES,
)
