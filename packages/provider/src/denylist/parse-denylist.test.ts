import { describe, expect, test } from '@jest/globals'
import { CID } from 'multiformats/cid'
import { type Denial, denialOf } from './denylist.ts'
import { type ParsedDenylist, parseDenylist } from './parse-denylist.ts'

/** Rules, CIDs and hashes in the manner of the format's specification and of the files that test other implementations. */
const DENIED = 'bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'
const ALL_PATHS = 'QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8'
const SOME_PATHS = 'QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK'
const HASHED = 'bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e'
const HASHED_TWICE = 'QmVTF1yEejXd9iMgoRTFDxBv7HAz9kuZcQNBzHrceuK9HR'
const EMPTY_FOLDER = 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn'

async function parsed(text: string): Promise<ParsedDenylist> {
  async function* lines(): AsyncGenerator<string> {
    yield* text.split('\n')
  }
  return parseDenylist('a.deny', lines())
}

async function asker(text: string): Promise<(path: string) => Denial['status'] | undefined> {
  const { denylist, skipped } = await parsed(text)
  expect(skipped).toEqual([])
  return (path) => {
    const [cid = '', ...names] = path.split('/')
    return denialOf([denylist], CID.parse(cid), names)?.status
  }
}

describe('a rule in the clear', () => {
  test('denies a block by whatever CID it is asked, and not what stands under it', async () => {
    const ask = await asker(`/ipfs/${DENIED}`)
    const { multihash } = CID.parse(DENIED)
    expect([ask(DENIED), ask(CID.createV0(multihash as never).toString())]).toEqual([410, 410])
    expect(ask(CID.createV1(0x55, multihash).toString())).toBe(410)
    expect([ask(`${DENIED}/path`), ask(ALL_PATHS)]).toEqual([undefined, undefined])
  })

  test('with a star denies all that begins so', async () => {
    const ask = await asker(`/ipfs/${ALL_PATHS}/*`)
    expect([ask(ALL_PATHS), ask(`${ALL_PATHS}/a`), ask(`${ALL_PATHS}/a/b`)]).toEqual([410, 410, 410])
    const some = await asker(`/ipfs/${SOME_PATHS}/test*\n/ipfs/${SOME_PATHS}/two%20words`)
    const paths = ['', '/test', '/test1/x', '/tes', '/two words', '/two words/x']
    expect(paths.map((path) => some(SOME_PATHS + path))).toEqual([undefined, 410, 410, undefined, 410, undefined])
  })

  test.each(['+', '!', '-'])('is undone by a later one with %s', async (sign) => {
    const allowed = ['blockednot', 'blocked/not', 'blocked/exceptions*'].map(
      (path) => `${sign}/ipfs/${SOME_PATHS}/${path}`,
    )
    const ask = await asker([`/ipfs/${SOME_PATHS}/blocked*`, ...allowed].join('\n'))
    const paths = ['blocked', 'blocked2', 'blockednot', 'blocked/not', 'blocked/not2', 'blocked/exceptions1']
    expect(paths.map((path) => ask(`${SOME_PATHS}/${path}`))).toEqual([410, 410, undefined, undefined, 410, undefined])
  })

  test('of an empty folder or block, on which programs rely, is not followed', async () => {
    const ask = await asker(`/ipfs/${EMPTY_FOLDER}/*\n/ipfs/bafkqaaa`)
    expect([ask(EMPTY_FOLDER), ask('bafkqaaa')]).toEqual([undefined, undefined])
  })
})

describe('a hashed rule', () => {
  test('of a CID with its slash denies the block, whatever codec it is asked by', async () => {
    const ask = await asker('//d9d295bde21f422d471a90f2a37ec53049fdf3e5fa3ee2e8f20e10003da429e7')
    const { multihash } = CID.parse(HASHED)
    expect([ask(HASHED), ask(CID.createV0(multihash as never).toString()), ask(`${HASHED}/path`)]).toEqual([
      ...[410, 410, undefined],
    ])
    expect(ask(CID.createV1(0x55, multihash).toString())).toBe(410)
  })

  test('of a path denies that path alone', async () => {
    const ask = await asker('//3f8b9febd851873b3774b937cce126910699ceac56e72e64b866f8e258d09572')
    expect([ask(`${HASHED}/path`), ask(HASHED), ask(`${HASHED}/path2`)]).toEqual([410, undefined, undefined])
  })

  test('as a multihash denies every CID of the block, and is undone by a later one', async () => {
    const rule = '//QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM'
    const v1 = 'bafybeidjwik6im54nrpfg7osdvmx7zojl5oaxqel5cmsz46iuelwf5acja'
    const ask = await asker(rule)
    expect([ask(HASHED_TWICE), ask(v1), ask(DENIED)]).toEqual([410, 410, undefined])
    expect((await asker(`${rule}\n+${rule}`))(v1)).toBe(undefined)
  })

  test('is found among many', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `//${at.toString(16).padStart(4, '0').padEnd(64, 'e')}`)
    const ask = await asker([...many, '//QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM'].join('\n'))
    expect([ask(HASHED_TWICE), ask(DENIED)]).toEqual([410, undefined])
  })
})

test('a list, or a rule of it, says 451 in place of 410', async () => {
  const header = 'version: 1\nname: x\nhints:\n  gateway_status: 451\n---\n'
  const ask = await asker(`${header}# a comment\n/ipfs/${DENIED}\n/ipfs/${ALL_PATHS} gateway_status=410 reason=x`)
  expect([ask(DENIED), ask(ALL_PATHS)]).toEqual([451, 410])
  const hashed = await asker('//QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM gateway_status=451')
  expect(hashed(HASHED_TWICE)).toBe(451)
})

test('what is no rule is passed over, and told by its line', async () => {
  const { denylist, count, skipped, foreignHashes } = await parsed(
    [
      ...['version: 1', '---', '', `/ipfs/${DENIED}`, '/ipfs/nonsense', 'https://example.org/', '//abc'],
      ...['//gW813G35CnLsy7gRYYHuf63hrz71U1xoLFDVeV7actx6oX', '/ipns/domain.example', `/ipfs/${DENIED}/%ff`],
    ].join('\n'),
  )
  expect({ count, skipped }).toEqual({ count: 2, skipped: [5, 6, 7, 8, 10] })
  expect(foreignHashes).toBe(1)
  expect(denialOf([denylist], CID.parse(DENIED))).toEqual({ status: 410, list: 'a.deny' })
})

test('of several lists the first that has a rule decides', async () => {
  const { denylist: denies } = await parsed(`/ipfs/${DENIED} gateway_status=451`)
  const { denylist: allows } = await parsed(`+/ipfs/${DENIED}`)
  expect(denialOf([denies, allows], CID.parse(DENIED))?.status).toBe(451)
  expect(denialOf([allows, denies], CID.parse(DENIED))).toBe(undefined)
})
