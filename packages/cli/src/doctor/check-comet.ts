/** Of a home that is a validator's on CometBFT: whether that program is there, and one that the node can run. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import type { Finding } from './finding.ts'

/** @returns undefined for a home that wants none @param program as PATH has it, or its path */
export async function checkCometbft(home: string, program = 'cometbft'): Promise<Finding | undefined> {
  if (!existsSync(join(home, 'chain', 'network.json'))) return undefined
  const check = 'cometbft'
  const { checkComet } = await import('@granary/chain/node')
  const details = { program }
  try {
    return { check, state: 'ok', says: `version ${await checkComet(program)}, for the validator of ${home}`, details }
  } catch (error) {
    if (!GranaryError.is(error)) throw error
    return { check, state: 'wrong', says: error.message, fix: error.hint, code: error.code, details }
  }
}
