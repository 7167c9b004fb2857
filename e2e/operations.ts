/** A page of docs/operations as somebody follows it: what it tells people to type, and what of that was typed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Finished, Running, Workbench } from './harness.ts'
import { repository } from './harness.ts'

const pageOf = (name: string): string => readFileSync(join(repository, 'docs/operations', name), 'utf8')

export const operationsPage: string = pageOf('provider.md')
/** Its sections of these titles, in their order. */
export const validatorsPage = (titles: readonly string[]): string =>
  pageOf('validators.md')
    .split(/^(?=## )/m)
    .filter((section) => titles.some((title) => section.startsWith(`## ${title}\n`)))
    .join('')

const BLOCK = /^```\n([\s\S]*?)^```$/gm

/** The block that begins with that line. */
export function blockBeginning(first: string): string {
  for (const [, text = ''] of operationsPage.matchAll(BLOCK)) if (text.startsWith(`${first}\n`)) return text
  throw new Error(`docs/operations/provider.md has no block that begins with "${first}"`)
}

/** Each command of the program that stands on it, in a block or within a sentence. */
export function commandsOnPage(page: string = operationsPage): string[] {
  const lines = [...page.matchAll(BLOCK)].flatMap(([, text = '']) => text.split('\n'))
  const typed = lines.filter((line) => line.startsWith('granary '))
  const named = [...page.replaceAll(BLOCK, '').matchAll(/`(granary [^`]+)`/g)].map(([, text = '']) => text)
  return [...new Set([...typed, ...named])]
}

/** What it has the operator export, for the commands after that. */
function exportsOnPage(page: string): [name: string, value: string][] {
  const [, line] = /^export (.+)$/m.exec(page) ?? []
  if (line === undefined) return []
  return line.split(' ').map((each) => each.split('=') as [string, string])
}

export interface FollowedPage {
  /** @param also what is typed after it, or answered @throws Error where it ends with another code than 0 */
  follow(command: string, also?: readonly string[]): Promise<string>
  /** One that goes on. */
  begin(command: string, also?: readonly string[]): Running
  /** Commands of the page that were not typed. */
  left(): string[]
}

/** @param places what stands on the page for something of the reader's, and what it is here */
export function followPage(
  bench: Workbench,
  places: Readonly<Record<string, string>>,
  page: string = operationsPage,
): FollowedPage {
  const commands = commandsOnPage(page)
  const left = new Set(commands)
  const here = (text: string): string =>
    Object.entries(places).reduce((all, [there, place]) => all.replaceAll(there, place), text)
  const env = Object.fromEntries(exportsOnPage(page).map(([name, value]) => [name, here(value)]))

  function begin(command: string, also: readonly string[] = []): Running {
    if (!left.delete(command) && !commands.includes(command)) throw new Error(`the page does not say: ${command}`)
    const [, ...args] = here(command).split(' ')
    return bench.start([...args, ...also], env)
  }

  return {
    begin,
    follow: async (command, also) => saidOf(command, await begin(command, also).finished),
    left: () => [...left],
  }
}

function saidOf(command: string, { code, stdout, stderr }: Finished): string {
  if (code === 0 && stdout !== '') return stdout
  throw new Error(`${command} ended with ${code}:\n${stdout}\n${stderr}`)
}
