/** What may come next on a command line, from the declarations of the commands themselves. */
import type { Argument, Command, Option } from 'commander'

export interface Candidate {
  readonly value: string
  readonly description: string
}

export interface Candidates {
  readonly values: readonly Candidate[]
  /** The shell completes paths of its own, since one is expected here. */
  readonly files: boolean
}

const NOTHING: Candidates = { values: [], files: false }
/** Names of values (`<file>`, `--out <folder>`) that are paths. */
const PATH_NAMES = /^(files?|folder|path|paths|home|out|dir|snapshot|bundle|car|content)$/

/** @param words after the name of the program; the last is the one that is being written, and may be empty */
export function candidates(program: Command, words: readonly string[]): Candidates {
  // Bash breaks `--flag=value` into three words.
  const before = words.slice(0, -1).filter((word) => word !== '=')
  const last = words.at(-1) ?? ''
  const current = last === '=' ? '' : last
  let command = program
  let expected: Option | undefined
  let position = 0
  for (const word of before) {
    if (expected !== undefined) expected = undefined
    else if (word.startsWith('-')) expected = word.includes('=') ? undefined : optionNamed(command, word)
    else {
      const next = command.commands.find((each) => each.name() === word)
      if (next !== undefined && position === 0) command = next
      else position += 1
    }
    if (expected !== undefined && !takesValue(expected)) expected = undefined
  }
  if (expected !== undefined) return valuesOf(expected, current)
  const [, flag, begun] = /^(--[a-z0-9-]+)=(.*)$/.exec(current) ?? []
  if (flag !== undefined) {
    const option = optionNamed(command, flag)
    if (option === undefined) return NOTHING
    const { values, files } = valuesOf(option, begun ?? '')
    return { values: values.map((each) => ({ ...each, value: `${flag}=${each.value}` })), files }
  }
  if (current.startsWith('-')) return { values: flagsOf(command, current), files: false }
  if (command.commands.length > 0 && position === 0) return { values: commandsOf(command, current), files: false }
  return argumentOf(command.registeredArguments, position, current)
}

function commandsOf(command: Command, begun: string): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: firstSentence(each.description()) }))
    .filter(({ value }) => value.startsWith(begun))
}

function flagsOf(command: Command, begun: string): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description }) =>
      long == null ? [] : [{ value: long, description: firstSentence(description) }],
    )
    .filter(({ value }) => value.startsWith(begun))
}

function argumentOf(declared: readonly Argument[], position: number, begun: string): Candidates {
  const last = declared.at(-1)
  const argument = declared[position] ?? (last?.variadic ? last : undefined)
  if (argument === undefined) return NOTHING
  return choices(argument.argChoices, argument.name(), begun)
}

function valuesOf({ argChoices, flags }: Option, begun: string): Candidates {
  const [, name = ''] = /[<[]([^>\]]+)/.exec(flags) ?? []
  return choices(argChoices, name, begun)
}

function choices(known: readonly string[] | undefined, name: string, begun: string): Candidates {
  const values = (known ?? []).filter((value) => value.startsWith(begun)).map((value) => ({ value, description: '' }))
  return { values, files: known === undefined && PATH_NAMES.test(name.replace('...', '')) }
}

function optionNamed(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => long === flag || short === flag)
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional
}

function firstSentence(text: string): string {
  return text.split(/[.;:(]/)[0]!.trim()
}
