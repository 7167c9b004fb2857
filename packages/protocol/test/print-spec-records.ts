/** `node --conditions=@granary/source packages/protocol/test/print-spec-records.ts > docs/spec/records.md` */
import { specOfRecords } from './spec-records.ts'

process.stdout.write(specOfRecords())
