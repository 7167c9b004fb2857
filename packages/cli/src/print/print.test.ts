import { PassThrough } from 'node:stream'
import { GranaryError } from '@granary/base'
import type { PutProgress } from '@granary/client/node'
import { type TimelineEvent, timelineEntry } from '@granary/protocol/events'
import { expect, test } from '@jest/globals'
import { durationMs } from '../options.ts'
import { formatAmount } from './amounts.ts'
import { fit } from './columns.ts'
import { failure, success } from './envelope.ts'
import { printable, printableLines } from './printable.ts'
import { formatBytes, formatMs, plural } from './quantities.ts'
import { settlementLine, unsettledLines } from './settlement.ts'
import { createStory } from './story.ts'
import { formatTable } from './table.ts'
import { formatDuration, formatEpoch, formatEpochs } from './times.ts'

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1023 bytes'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [8 << 20, '8 MiB'],
  [5_243_431, '5.0 MiB'],
  [2 ** 50, '1024 TiB'],
])('%i bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

test.each([
  [0.4, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.00 s'],
  [59_990, '59.99 s'],
  [125_400, '2 min 05 s'],
])('%f ms are %s', (ms, text) => expect(formatMs(ms)).toBe(text))

test.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['12h', 43_200_000],
  ['180d', 15_552_000_000],
])('%s are %i ms', (text, ms) => expect(durationMs(text)).toBe(ms))

test.each(['', '5', 'h', '-1h', '1.5h', '1w', '1h '])('"%s" is no duration', (text) => {
  expect(() => durationMs(text)).toThrow('expected a number with s, m, h or d')
})

test.each([
  [0n, '0 GRN'],
  [1n, '1 attoGRN'],
  [-999_999_999n, '-999999999 attoGRN'],
  [10n ** 9n, '0.000000001 GRN'],
  [347_222_222_222_222n, '0.00034722 GRN'],
  [999_996n * 10n ** 12n, '1 GRN'],
  [-1_234_550n * 10n ** 12n, '-1.2346 GRN'],
  [123_456_789n * 10n ** 16n, '1234568 GRN'],
  [15n * 10n ** 17n, '1.5 GRN'],
  ['20000000000000000000', '20 GRN'],
])('%s attoGRN are %s', (amount, text) => expect(formatAmount(amount)).toBe(text))

test.each([
  [0, '0 s'],
  [-5, '0 s'],
  [499, '0 s'],
  [59_999, '1 min'],
  [65_000, '1 min 5 s'],
  [180 * 86_400_000, '180 d'],
  [2 * 86_400_000 + 3 * 3_600_000 + 59 * 60_000, '2 d 3 h'],
])('a duration of %i ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

test('an epoch has its date and how far away it is beside it', () => {
  const time = { height: 1_000, timeMs: Date.UTC(2026, 11, 1, 12, 0, 0), blockTimeMs: 30_000 }
  expect(formatEpoch(1_120, time)).toBe('2026-12-01 13:00 UTC, in 1 h (epoch 1120)')
  expect(formatEpoch(990, time)).toBe('2026-12-01 11:55 UTC, 5 min ago (epoch 990)')
  expect(formatEpoch(1_000, time)).toBe('2026-12-01 12:00 UTC, now (epoch 1000)')
  expect(formatEpochs(2_880, time)).toBe('1 d (2880 epochs)')
})

test('one thing, two things', () => expect([plural(1, 'block'), plural(2, 'block')]).toEqual(['1 block', '2 blocks']))

test('columns are as wide as their widest cell', () => {
  expect(
    formatTable(
      ['id', 'state'],
      [
        ['1', 'active'],
        ['1000', 'x'],
      ],
    ),
  ).toBe('id    state\n1     active\n1000  x')
})

test('a table that does not fit becomes a block a row, and what is to be copied stays whole', () => {
  const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
  const rows = [
    ['1', 'active', cid],
    ['2', '', cid],
  ]
  expect(formatTable(['deal', 'state', 'CID'], rows, { columns: 73 })).toContain(`1     active  ${cid}`)
  expect(formatTable(['deal', 'state', 'CID'], rows, { columns: 60 })).toBe(
    `deal   1\nstate  active\nCID    ${cid}\n\ndeal   2\nCID    ${cid}`,
  )
})

test.each([
  ['a sentence goes on a little to the right', 'one two three four', 'one two\n  three\n  four'],
  ['a fact goes on below its value', 'is  one two', 'is  one\n    two'],
  ['colours are no part of its width', '\u001b[32mok \u001b[39m  a b c d', '\u001b[32mok \u001b[39m  a b c\n     d'],
  ['what is indented stays so', '  one two six', '  one\n    two\n    six'],
  ['a line that fits is left as it is', 'a    b\n\nc', 'a    b\n\nc'],
  ['a command in backticks stays whole', 'give `granary deals` now', 'give\n  `granary deals`\n  now'],
])('text in a narrow place: %s', (_, text, shown) => expect(fit(text, 10)).toBe(shown))

test('characters of two columns and colours are measured as they are seen', () => {
  expect(
    formatTable(
      ['name', 'n'],
      [
        ['日本', '1'],
        ['abc', '2'],
      ],
    ),
  ).toBe('name  n\n日本  1\nabc   2')
})

test('a cell cannot break out of its line', () => {
  expect(formatTable(['file'], [['a\nb\u001b[2J']])).toBe('file\na b [2J')
  expect(printableLines('two\nlines\u001b[31m\r')).toBe('two\nlines [31m ')
})

test.each([
  ['an override of the direction', 'invoice\u202efdp.exe', 'invoice fdp.exe'],
  ['an isolate and its end', 'a\u2066b\u2069c', 'a b c'],
  ['a mark of Arabic letters', 'a\u061cb', 'a b'],
  ['a separator of lines', 'a\u2028b\u2029c', 'a b c'],
])('a name cannot look like another by %s', (_, name, shown) => {
  expect([printable(name), printableLines(name)]).toEqual([shown, shown])
})

test('the envelope has one shape for success and failure', () => {
  const error = new GranaryError({ code: 'DISK_FULL', message: 'full', hint: 'free some', retryable: true })
  expect(Object.keys(success({}))).toEqual(Object.keys(failure(error)))
  expect(failure(error)).toMatchObject({ ok: false, code: 'DISK_FULL', error: { hint: 'free some', retryable: true } })
  expect(failure(new TypeError('x is not a function')).error).toMatchObject({ code: 'UNEXPECTED' })
  const full = Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 })
  expect(failure(full).error?.hint).toContain('space on the disk')
  const system = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
  expect(failure(system).error?.hint).toContain('permissions')
})

async function told(...progress: PutProgress[]): Promise<string[]> {
  const stream = new PassThrough({ encoding: 'utf8' })
  using story = await createStory({ stream })
  for (const event of progress) story.tell(event)
  const lines = String(stream.read() ?? '').split('\n')
  return lines.slice(0, -1).map((line) => line.replace(/^ *\d+ ms {2}/, ''))
}

test('who stops answering is told with the date by which the money is back', async () => {
  const lapsesAtMs = Date.UTC(2026, 11, 1, 12, 30)
  const away = {
    slot: 0,
    provider: 7,
    dealId: 4,
    message: 'the provider at http://p is away',
    lapsesAt: 900,
    lapsesAtMs,
  }
  expect(await told({ type: 'provider:away', ...away })).toEqual([
    'away            the provider at http://p is away; unless provider 7 proves deal 4 by 2026-12-01 12:30 UTC (epoch 900), the chain gives its money back',
  ])
})

const entry = (told: TimelineEvent): PutProgress => {
  const { type, epoch = null, data } = told
  return { type: 'deal', entry: timelineEntry.parse({ id: 1, type, atMs: 0, epoch, ...data }) }
}

test('facts are told one a line', async () => {
  expect(
    await told(
      { type: 'import:done', rootCid: 'bafy', path: 'bafy/name', fileBytes: 3, blocks: 1 },
      {
        type: 'quoted',
        slot: 0,
        pricePerEpoch: '500000000000000000',
        total: '1000000000000000000',
        recordFee: '200000000000000',
        collateral: '920000000000000000',
        duration: 2,
        durationMs: 1_000,
      },
      { type: 'upload:progress', slot: 0, sent: 50, total: 50 },
      { type: 'published', slot: 0, dealId: 4, locked: '1000000000000000000', epoch: 9, epochMs: 0 },
      entry({ type: 'seal-layer', data: { sector: 1, layer: 2, layers: 11 } }),
      entry({ type: 'porep-accepted', epoch: 30, data: { sector: 1, bytes: 90052, verifyMs: 22.4 } }),
      entry({ type: 'agreed', epoch: 8 }),
    ),
  ).toEqual([
    'root CID        bafy  (3 bytes, 1 block)',
    'price           1 GRN for 1 s (2 epochs of 0.5 GRN), and 0.0002 GRN for its record; 0.92 GRN are put up by the provider',
    'upload          all 50 bytes sent in 0 ms',
    'deal            4, in block 9: 1 GRN locked',
    'sealing         sector 1, layer 2 of 11',
    'PoRep accepted  90052 bytes, verified by the chain in 22 ms, block 30',
  ])
})

test('content without a byte is said to be empty', async () => {
  const done = { type: 'import:done', rootCid: 'bafy', path: 'bafy', fileBytes: 0, blocks: 1 } as const
  expect(await told(done)).toEqual(['root CID        bafy  (empty: 0 bytes, 1 block)'])
})

test('what is due or ends is told with its date, once the chain is known', async () => {
  const stream = new PassThrough({ encoding: 'utf8' })
  using story = await createStory({ stream })
  const extended = entry({ type: 'extended', epoch: 900, data: { endsAt: 2_000 } })
  story.tell(extended)
  story.know({ height: 1_000, timeMs: Date.UTC(2026, 11, 1, 12, 0, 0), blockTimeMs: 30_000 })
  story.tell(extended)
  story.tell(entry({ type: 'challenged', epoch: 1_000, data: { partition: 0, deadline: 1_120 } }))
  story.tell(entry({ type: 'expired', epoch: 990 }))
  const lines = String(stream.read()).split('\n')
  expect(lines.slice(0, -1).map((line) => line.replace(/^ *\d+ ms {2}/, ''))).toEqual([
    'extended        by its standing order, until epoch 2000',
    'extended        by its standing order, until 2026-12-01 20:20 UTC (epoch 2000)',
    'challenge       partition 0 at epoch 1000, due by 2026-12-01 13:00 UTC (epoch 1120)',
    'expired         2026-12-01 11:55 UTC (epoch 990)',
  ])
})

test('an upload is told at its beginning, its end, and at most once a second between', async () => {
  const sent = Array.from({ length: 100 }, (_, index) => index + 1)
  expect(
    await told(...sent.map((bytes): PutProgress => ({ type: 'upload:progress', slot: 0, sent: bytes, total: 100 }))),
  ).toEqual([
    'upload          sent  1 %  1 byte of 100 bytes',
    expect.stringMatching(/^upload {10}all 100 bytes sent in \d+ ms$/),
  ])
})

test("a provider's words cannot move the cursor or fill the screen", async () => {
  const [line] = await told(
    entry({ type: 'failed', data: { code: 'X', message: `\u001b[2J${'a'.repeat(10_000)}\nfaked line` } }),
  )
  expect(line).not.toContain('\u001b')
  expect(line?.length).toBeLessThan(600)
  expect(await told(entry({ type: 'failed', data: { code: '\u001b[31mnew', message: 'at epoch 3' } }))).toEqual([
    'failed          at epoch 3 [ [31mnew]',
  ])
})

test('what is settled says what came back, what is not says that it stays locked and what settles it', () => {
  expect(settlementLine({ type: 'settled', deals: [3], back: '1500000000000000000' })).toBe(
    'settled: deal 3: 1.5 GRN came back',
  )
  const many = Array.from({ length: 256 }, (_, id) => id)
  expect(settlementLine({ type: 'settled', deals: many, back: '0' })).toBe('settled: 256 deals: 0 GRN came back')
  const failed = { code: 'INSUFFICIENT_FUNDS', message: 'too little', hint: 'send more' }
  expect(settlementLine({ type: 'settle:failed', deals: [3, 4], ...failed })).toBe(
    'not settled: deals 3, 4 could not be settled: too little [INSUFFICIENT_FUNDS]; send more',
  )
  const grn = '1000000000000000000'
  const deals = [
    { id: 1, locked: grn, awaitsSettlement: true, claim: null },
    { id: 2, locked: grn, awaitsSettlement: false, claim: null },
    { id: 3, locked: '0', awaitsSettlement: false, claim: grn },
  ]
  const [locked, claimed, ...more] = unsettledLines(deals, false)
  expect(locked).toBe(
    'deal 1: over, and 1 GRN stay locked until `granary deals --passphrase-file FILE` of its client settles it',
  )
  expect(claimed).toContain('deal 3: cancelled while its data was faulty: up to 1 GRN of the collateral are claimed')
  expect(more).toEqual([])
  expect(unsettledLines(deals, true)[0]).toContain('until `granary deals` of its client')
})
