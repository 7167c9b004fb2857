/** What a text tells its reader to run, to read or to send, and what of it does not exist. */
import { existsSync, readFileSync } from 'node:fs'
import * as chainApi from '@granary/protocol/chain-api'
import * as market from '@granary/protocol/market'
import { declarations } from '@granary/protocol/messages'
import type { Operation } from '@granary/protocol/operation'
import type { Command } from 'commander'

const root = new URL('../../../', import.meta.url)

/** What is to be typed, up to where its output goes. */
const COMMAND = /`granary ([^`|]*)/g

/** The same without its quotes, up to where its clause goes on. A release "of granary" is none. */
const BARE_COMMAND = /(?<!\bof |[\w@/.-])granary ([^`|,;:\n]*)/g

/** One sentence for each name in the text that nothing has. */
export function misnamedIn(text: string, program: Command): string[] {
  const flags = new Set(['--help', ...commandsOf(program).flatMap(flagsOf)])
  const unquoted = text.replace(COMMAND, '')
  const outside = unquoted.replace(BARE_COMMAND, '')
  return [
    ...[...text.matchAll(COMMAND), ...unquoted.matchAll(BARE_COMMAND)].flatMap(([, words = '']) =>
      misnamedCommand(words.trim(), program),
    ),
    ...[...outside.matchAll(/(?<![\w-])--[a-z][a-z0-9-]*[a-z0-9]/g)]
      .filter(([flag]) => !flags.has(flag))
      .map(([flag]) => `no command has the flag ${flag}`),
    ...[...text.matchAll(/[\w./-]*\.md\b(?:, section (\d+))?/g)].flatMap(([page, section]) =>
      misnamedPage(page.replace(/,.*/, ''), section),
    ),
    ...[...text.matchAll(/\b(GET|POST) (\/v1\/[\w/{}…-]+)/g)]
      .filter(([, method, path = '']) => !operations.some((each) => isPathOf(each, method!, path)))
      .map(([asked]) => `nothing answers ${asked}`),
    ...[...text.matchAll(/(?<![\w.…/])(?:[A-Z][a-z]+){2,}(?![\w(…])/g)]
      .filter(([name]) => !Object.hasOwn(declarations, name) && !NAMES.has(name))
      .map(([name]) => `there is no message ${name}`),
  ]
}

const { marketDescriptions: _, ...marketApi } = market
const { chainDescriptions: __, ...nodeApi } = chainApi
const operations = [...Object.values(nodeApi), ...Object.values(marketApi)].flatMap((value): Operation[] =>
  typeof value === 'object' && 'method' in value ? [value] : [],
)

function isPathOf({ method, path }: Operation, asked: string, example: string): boolean {
  const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
  return method.toUpperCase() === asked && pattern.test(example)
}

/** Words that are written as messages are. */
const NAMES: ReadonlySet<string> = new Set(['PoRep', 'PoSt', 'WebAssembly'])

function misnamedCommand(words: string, program: Command): string[] {
  let command = program
  const rest = words.split(/\s+/).filter(Boolean)
  while (rest[0] !== undefined && /^[a-z]/.test(rest[0]) && command.commands.length > 0) {
    const next = command.commands.find((each) => each.name() === rest[0])
    if (next === undefined && command.registeredArguments.some(({ argChoices }) => argChoices?.includes(rest[0]!)))
      break
    if (next === undefined) return [`there is no command \`granary ${words}\``]
    command = next
    rest.shift()
  }
  // A command that the text chooses as it is printed has to have been one that takes the flag: here any may.
  const isChosen = command === program && rest[0] === '…'
  const flags = isChosen ? commandsOf(program).flatMap(flagsOf) : flagsOf(command)
  const known = new Set([...flags, '--help', ...(command === program ? ['--version'] : [])])
  return rest
    .filter((word) => word.startsWith('--') && !known.has(word))
    .map((flag) => `\`granary ${words}\` does not have the flag ${flag}`)
}

function misnamedPage(page: string, section: string | undefined): string[] {
  const url = new URL(page, root)
  if (!existsSync(url)) return [`there is no page ${page}`]
  if (section === undefined) return []
  const isThere = new RegExp(`^#+ ${section}[. ]`, 'm').test(readFileSync(url, 'utf8'))
  return isThere ? [] : [`${page} has no section ${section}`]
}

function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)]
}

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({ long }) => (long == null ? [] : [long]))
}
