/**
 * `<home>/provider/registration.json`: what the chain is to say of this provider, as the daemon wants it. Nothing in it is secret;
 * an owner whose key is elsewhere takes the file there and signs it (`granary provider register`).
 */
import { readFile } from 'node:fs/promises'
import { fromHex, GranaryError, toHex } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import type { MessageBodies } from '@granary/protocol/messages'
import { inEnglish } from '@granary/protocol/operation'
import * as z from 'zod/mini'
import { describeIssues } from '../describe-issues.ts'

type Profile = Omit<MessageBodies['RegisterProvider'], 'payout'>

const form = z.strictObject({
  sessionKey: z.string().check(z.regex(/^0x[0-9a-f]{64}$/, 'expected 0x and 64 hex digits')),
  endpoints: z.array(z.string()),
  peerId: z.string(),
  region: z.string(),
  name: z.string(),
})

export class RegistrationInvalidError extends GranaryError {
  constructor(path: string, problem: string, cause?: unknown) {
    super({
      code: 'REGISTRATION_INVALID',
      message: `${path}: ${problem}`,
      hint: 'the provider writes it when it starts: run `granary provider run` once, or name its copy with --registration',
      details: { path },
      cause,
    })
  }
}

export async function writeRegistration(path: string, profile: Profile): Promise<void> {
  const { sessionKey, endpoints, peerId, region, name } = profile
  const json = { sessionKey: toHex(sessionKey), endpoints, peerId, region, name }
  await writeFileDurably(path, `${JSON.stringify(json, null, 2)}\n`, 0o644)
}

/** @throws RegistrationInvalidError */
export async function readRegistration(path: string): Promise<Profile> {
  let json: unknown
  try {
    json = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new RegistrationInvalidError(path, 'cannot be read', error)
  }
  const parsed = form.safeParse(json, inEnglish)
  if (!parsed.success) throw new RegistrationInvalidError(path, describeIssues(parsed.error))
  return { ...parsed.data, sessionKey: fromHex(parsed.data.sessionKey) }
}
