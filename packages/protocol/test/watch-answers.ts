/**
 * Answers as they are sent, held against the declarations that readers parse them by. A reader ignores what it does not know,
 * so a field that was added to an answer and not to its declaration would be missed by nobody.
 */
import type { Description, Operation } from '../src/operation/operation.ts'

export interface WatchedAnswers {
  readonly fetch: typeof fetch
  /** Ids of the operations that were answered. */
  readonly answered: ReadonlySet<string>
  /** What was sent and is not declared: `getSupply: extra`. */
  readonly undeclared: ReadonlySet<string>
}

/** `also`: of answers that are no errors, though their status is another. */
type Watched = Operation & Pick<Partial<Description>, 'also'>

export function watchAnswers(operations: readonly Watched[]): WatchedAnswers {
  const answered = new Set<string>()
  const undeclared = new Set<string>()
  const operationOf = (method: string, pathname: string): Watched | undefined =>
    operations.find((each) => each.method === method.toLowerCase() && patternOf(each).test(pathname))
  return {
    answered,
    undeclared,
    async fetch(url, init) {
      const response = await fetch(url, init)
      const operation = operationOf(init?.method ?? 'GET', new URL(String(url)).pathname)
      const isAnswer = response.ok || operation?.also?.[response.status] !== undefined
      if (operation === undefined || operation.type !== undefined || !isAnswer) return response
      const sent: unknown = await response.clone().json()
      for (const field of undeclaredFields(sent, operation.answer.parse(sent))) {
        undeclared.add(`${operation.id}: ${field}`)
      }
      answered.add(operation.id)
      return response
    },
  }
}

/** What a form makes of a value may be something else (bytes, an amount), but of an object it makes one with the same fields. */
function undeclaredFields(sent: unknown, parsed: unknown, path: readonly string[] = []): string[] {
  if (!isObject(sent) || !isObject(parsed)) return []
  return Object.entries(sent).flatMap(([key, value]) => {
    const here = [...path, key]
    return Object.hasOwn(parsed, key) ? undeclaredFields(value, parsed[key], here) : [here.join('.')]
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function patternOf({ path }: Operation): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}
