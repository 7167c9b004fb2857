import { tellFlow } from './flow.ts'
import { startMarket } from './story.ts'

tellFlow(() => startMarket({ quick: true }))
