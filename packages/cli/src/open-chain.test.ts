import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKey } from '@granary/chain/keystore'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { genesisHash, serveChain } from '../../client/test/chain-answers.ts'
import { granary } from '../test/granary.ts'

const other = `0x${'cd'.repeat(32)}`
const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-open-'))
  await createKey(join(home, 'client', 'keystore.json'), 'correct horse', { light: true })
})
afterAll(() => rm(home, { recursive: true }))

const commands = [
  ['deals'],
  ['status', cid],
  ['providers'],
  ['verify', cid],
  ['get', cid, '-o', '-'],
  ['get', cid, '-o', '-', '--gateway', 'http://127.0.0.1:9'],
  ['ls', cid],
  ['put', import.meta.filename, '--dry-run'],
  ['cancel', '5'],
  ['settle', '5'],
  ['wallet', 'balance'],
]

test.each(commands)('a node of another chain than the one that is meant is refused: granary %s', async (...args) => {
  let questions = 0
  await using chain = await serveChain(() => {
    questions += 1
    return {}
  })
  const env = { GRANARY_CHAIN: chain.url, GRANARY_HOME: home, GRANARY_GENESIS: other }
  const ran = await granary([...args, ...(args[0] === 'get' ? [] : ['--json'])], env)
  expect(ran.stdout + ran.stderr).toContain('GENESIS_MISMATCH')
  expect(ran.stdout + ran.stderr).toContain(genesisHash)
  expect(ran.code).toBe(5)
  // The first answer says it.
  expect(questions).toBe(1)
})

test('a node of the chain that is meant serves, and a hash that is none is a mistake of its own', async () => {
  await using chain = await serveChain(() => ({}))
  const args = ['providers', '--chain', chain.url, '--home', home, '--genesis']
  expect(await granary([...args, genesisHash])).toMatchObject({ code: 0 })
  expect(await granary([...args, '0x12'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--genesis') })
})

test('a header that is trusted is a height and a hash', async () => {
  await using chain = await serveChain(() => ({}))
  const verify = (text: string, env = {}) =>
    granary(
      ['verify', cid, '--chain', chain.url, '--home', home, ...(text === '' ? [] : ['--trusted-header', text])],
      env,
    )
  for (const text of ['12', `12:${other}00`, `x:${other}`])
    expect(await verify(text)).toMatchObject({ code: 2, stderr: expect.stringContaining('--trusted-header') })
  const set = await verify('', { GRANARY_TRUSTED_HEADER: '12' })
  expect(set).toMatchObject({ code: 2, stderr: expect.stringContaining('--trusted-header') })
})

test('the doctor finds a node of another chain', async () => {
  await using chain = await serveChain(() => ({}))
  const ran = await granary(['doctor', '--json', '--chain', chain.url, '--home', home, '--genesis', other])
  expect(JSON.parse(ran.stdout).data.findings ?? JSON.parse(ran.stdout).data).toContainEqual(
    expect.objectContaining({ check: 'chain', state: 'wrong', code: 'GENESIS_MISMATCH' }),
  )
})
