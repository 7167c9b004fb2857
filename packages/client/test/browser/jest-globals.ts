/**
 * What stands for `@jest/globals` in a page: tests are collected where they are declared, and run when all are there. The
 * matchers are those of Jest, in a library that needs no Node.
 */
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect'
import * as chai from 'chai'

export interface Outcome {
  readonly name: string
  /** Undefined: it has passed. */
  readonly error: string | undefined
}

type Body = () => void | Promise<void>

const declared: { readonly name: string; readonly body: Body }[] = []
const around: string[] = []

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin)

export const expect: typeof chai.expect = chai.expect

export function describe(name: string, body: () => void): void {
  around.push(name)
  body()
  around.pop()
}

export function test(name: string, body: Body): void {
  declared.push({ name: [...around, name].join(': '), body })
}

/** One after the other, each to its end. */
export async function runTests(): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { name, body } of declared) outcomes.push({ name, error: await errorOf(body) })
  return outcomes
}

async function errorOf(body: Body): Promise<string | undefined> {
  try {
    await body()
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}
