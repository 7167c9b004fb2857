/** What may have been meant by a command that there is not: by what other programs call it, or below which one it stands. */
import type { Command } from 'commander'

/** What people who know IPFS, S3 or a shell type first. */
export const OTHER_NAMES: Readonly<Record<string, string>> = {
  add: 'put',
  upload: 'put',
  store: 'put',
  save: 'put',
  push: 'put',
  download: 'get',
  fetch: 'get',
  pull: 'get',
  show: 'status',
  info: 'status',
  stat: 'status',
  price: 'quote',
  cost: 'quote',
  rm: 'cancel',
  remove: 'cancel',
  delete: 'cancel',
  extend: 'renew',
  prove: 'verify',
  account: 'wallet',
  login: 'wallet new',
  start: 'devnet',
  node: 'chain run',
  settings: 'config',
}

/** The message of commander with what is known of that name, instead of names that look alike. */
export function withMeant(message: string, program: Command): string {
  const [, before, name = ''] = /^((?:error: )?unknown command '([^']+)')/.exec(message) ?? []
  // Of a command below another, only that one knows.
  if (before === undefined || program.args[0] !== name) return message
  const meant = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : below(program, name)
  return meant === undefined ? message : `${before}\n(Did you mean ${meant}?)${/\n$/.exec(message) ?? ''}`
}

/** `balance` → `wallet balance`, where no other command has one of that name. */
function below(program: Command, name: string): string | undefined {
  const found = program.commands.flatMap((each) =>
    each.commands.filter((command) => command.name() === name).map((command) => `${each.name()} ${command.name()}`),
  )
  return found.length === 1 ? found[0] : undefined
}
