/** `node --conditions=@granary/source packages/cli/test/print-errors-page.ts > docs/errors.md` */
import { errorsPage } from './errors-page.ts'

process.stdout.write(errorsPage())
