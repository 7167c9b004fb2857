/** `node --conditions=@granary/source packages/chain/test/print-threat-model.ts > docs/threat-model.md` */
import { threatModel } from './threat-model.ts'

process.stdout.write(threatModel())
