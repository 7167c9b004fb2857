/** granary wallet: the account that pays, its key, its money, and who else may sign for it. */
import type { Command } from 'commander'
import type { CommandContext } from '../../program-context.ts'
import { addAddress } from './address.ts'
import { addAuthorize } from './authorize.ts'
import { addBalance } from './balance.ts'
import { addExport } from './export.ts'
import { addFaucet } from './faucet.ts'
import { addImport } from './import.ts'
import { addKeys } from './keys.ts'
import { addNew } from './new.ts'
import { addRevoke } from './revoke.ts'
import { addSend } from './send.ts'

export function addWallet(program: Command, context: CommandContext): void {
  const wallet = program
    .command('wallet')
    .description('The account that pays: its key, its money, and which other keys may sign for it.')
  const parts = [
    addNew,
    addAddress,
    addBalance,
    addSend,
    addImport,
    addExport,
    addFaucet,
    addKeys,
    addAuthorize,
    addRevoke,
  ]
  for (const add of parts) add(wallet, context)
}
