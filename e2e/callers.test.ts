/** A message of the chain that no program sends is half of a feature: nobody can use it. */
import { dirname, join } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import { type TransactionName, transactions } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { readSources, withoutComments } from './imports.ts'

/** Messages that nothing sends, and why. There is none, and there is to be none. */
const withoutCaller: Readonly<Partial<Record<TransactionName, string>>> = {}

const names = Object.keys(transactions) as TransactionName[]

/** Comes right before a text that is a type or is compared with: such a text is not sent. */
const NOT_SENT = /(?:\b(?:as|satisfies)|[<|&]|[=!]==)\s*$/

/** Names of messages that stand as values among the arguments of what sends: `send`, `sendMessage`, `sendOnce`, `extendOnce`. */
function sentIn(source: string): TransactionName[] {
  const text = withoutComments(source)
  return [...text.matchAll(/\b(?:send(?:Message|Once)?|extendOnce)\(/g)].flatMap(({ index }) => {
    const call = argumentsAt(text, text.indexOf('(', index))
    return names.filter((name) => isValueIn(call, `'${name}'`))
  })
}

function isValueIn(call: string, quoted: string): boolean {
  return call
    .split(quoted)
    .slice(0, -1)
    .some((before) => !NOT_SENT.test(before))
}

function argumentsAt(text: string, open: number): string {
  let depth = 0
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1
    else if (text[at] === ')') depth -= 1
    if (depth === 0) return text.slice(open, at)
  }
  return ''
}

test('every message has a program that sends it', () => {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..')
  const sent = new Set(
    readSources(root)
      .filter((file) => ['client', 'provider', 'cli'].includes(file.package))
      .flatMap(({ text }) => sentIn(text)),
  )
  const broken = names.flatMap((name) => {
    const why = withoutCaller[name]
    if (why === undefined)
      return sent.has(name) ? [] : [`no code of client, provider or cli sends ${name}: nobody can use it`]
    return sent.has(name) ? [`${name} is sent by now: take it out of the list of those without a caller`] : []
  })
  expect(broken).toEqual([])
  expect(withoutCaller).toEqual({})
})

/**
 * Of the messages that a provider may send, those that no command sends by itself: what they say follows from a proof or from a
 * client's order, and `granary provider run` sends them. Every other one has a command of its own beside it.
 */
const byDaemonAlone: readonly TransactionName[] = [
  'PreCommitSectors',
  'ProveCommitSector',
  'SubmitPost',
  'TopUpByOrder',
]
/** Asked of the daemon by `granary provider proving recover`: nobody else could answer the challenge that follows. */
const byRequest: readonly TransactionName[] = ['RequestRecovery']

test('every message that a provider may send has its command', () => {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..')
  const sources = readSources(root)
  const sentBy = (isPart: (path: string) => boolean) =>
    new Set(sources.filter(({ path }) => isPart(path)).flatMap(({ text }) => sentIn(text)))
  const byProvider = sentBy((path) => path.startsWith('packages/provider/'))
  const byCommand = sentBy(
    (path) => path.startsWith('packages/provider/src/operator/') || path.startsWith('packages/cli/'),
  )
  const without = [...byProvider].filter((name) => !byCommand.has(name))
  expect(without.toSorted()).toEqual([...byDaemonAlone, ...byRequest].toSorted())
})

test('a name that is a type, that is compared with or that stands in a comment sends nothing', () => {
  const text = `
    sendMessage({ chain, kind: other as 'DeclareFaults', body } satisfies Sent<'SubmitPost'>)
    sendMessage({ chain, kind: 'PublishDeal' as PublishDeal | 'RenewDeal', body })
    lanes.send(lane, kind /* 'TopUpDeal' */, kind === 'CancelDeal' ? one : other)
    // sendMessage({ kind: 'Transfer' })`
  expect(sentIn(text)).toEqual(['PublishDeal'])
})

test('a message is sent where it stands in a call that sends, and not where only its fee is asked for', () => {
  const text = `
    sendMessage({ chain, signer, kind: 'PublishDeal', body: read(one) }, { signal })
    await lanes.send(
      lane(number),
      'PreCommitSectors',
      body,
    )
    feeOf('SubmitPost', BYTES_MAX, fees)`
  expect(sentIn(text)).toEqual(['PublishDeal', 'PreCommitSectors'])
})
