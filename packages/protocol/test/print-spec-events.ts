/** `node --conditions=@granary/source packages/protocol/test/print-spec-events.ts > docs/spec/events.md` */
import { specOfEvents } from './spec-events.ts'

process.stdout.write(specOfEvents())
