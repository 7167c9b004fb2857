/** node --conditions=@granary/source packages/chain/test/print-effects.ts > packages/chain/src/state/machine/effects.ts */
import { effectsSource } from './effects-source.ts'

process.stdout.write(effectsSource())
