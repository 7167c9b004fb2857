/** docs/errors.md, printed from the catalogue: its facts, and the comment over each code as its sentence. */
import { readdirSync, readFileSync } from 'node:fs'
import { type ErrorCode, type ErrorFacts, errorCatalogue } from '@granary/base'
import { exitOfCode } from '../src/exit-code.ts'

const folder = new URL('../../base/src/errors/', import.meta.url)

const FAULTS = {
  caller: 'who asked',
  operator: 'who runs it',
  peer: 'the other end',
  nobody: 'nobody: it passes',
  program: 'Granary: report it',
} as const

const INTRO = `# Errors

Every error has a \`code\` that stays, a \`message\` with the values, and a \`hint\` that says what to do. It is the same object in
an HTTP answer (\`{ "error": { "code", "message", "hint", "retryable", "details" } }\`), in \`--json\` output and in a log.

- **whose doing**: who asked; who runs the program that says so (its machine, configuration, files, money); the program at
  the other end; nobody, since it passes by itself; or Granary, which is a fault to report.
- **HTTP**: the status of an answer that carries it. A status in parentheses is that of every code without one of its own, and
  depends on \`retryable\`. What a *transaction* names and the chain does not know is 422, not 404; a path with a CID that is
  none is 400.
- **retry**: the same call may succeed later, as it is. An error says itself when it is otherwise in its case.
- **exit**: how the command line ends with it.

Printed from \`packages/base/src/errors\` by \`packages/cli/test/print-errors-page.ts\`.
`

interface List {
  readonly title: string
  readonly rows: readonly { readonly code: string; readonly sentence: string }[]
}

/** A comment of one line over a code is its sentence; the first of a file and that over a list are their titles. */
export function catalogueLists(): List[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('-errors.ts'))
  return files.flatMap((name) => {
    const text = readFileSync(new URL(name, folder), 'utf8')
    const [, header = ''] = /^\/\*\* (.+) \*\/\n/.exec(text) ?? []
    const lists = [...text.matchAll(/(?:\/\*\* (.+) \*\/\n)?export const (\w+) = \{\n([\s\S]*?)\n\} as const/g)]
    const bodies = new Map(lists.map(([, , listName = '', body = '']) => [listName, body]))
    // The codes that pass are a list of their own in the source, and in the same table here.
    const tables = lists.filter(([, , listName = '']) => !listName.startsWith('passing'))
    return tables.map(([, own, listName = '', lasting = '']) => ({
      title: [header, own === header ? undefined : own].filter(Boolean).join(' '),
      rows: rowsOf(`${bodies.get(passingNameOf(listName)) ?? ''}\n${lasting}`),
    }))
  })
}

function rowsOf(body: string): List['rows'] {
  return [...body.matchAll(/(?: {2}\/\*\* (.+) \*\/\n)? {2}([A-Z][A-Z0-9_]+):/g)].map(
    ([, sentence = '', code = '']) => ({ code, sentence }),
  )
}

function passingNameOf(listName: string): string {
  return `passing${listName[0]?.toUpperCase()}${listName.slice(1)}`
}

export function errorsPage(): string {
  const tables = catalogueLists().map(({ title, rows }) => {
    const lines = rows.map(({ code, sentence }) => row(code, sentence, errorCatalogue[code as ErrorCode]))
    return [
      '',
      title,
      '',
      '| code | it says | whose doing | HTTP | retry | exit |',
      '|---|---|---|---|---|---|',
      ...lines,
    ]
  })
  return [INTRO.trimEnd(), ...tables.flat(), ''].join('\n')
}

function row(code: string, sentence: string, { fault, status, retryable = false }: ErrorFacts): string {
  const http = status ?? `(${retryable ? 503 : 422})`
  return `| \`${code}\` | ${sentence} | ${FAULTS[fault]} | ${http} | ${retryable ? 'yes' : 'no'} | ${exitOfCode(code)} |`
}
