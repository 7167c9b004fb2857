/** Says who holds what is stored, and until when its price is paid: `see-what-is-proven.ts CHAIN CID`. */
import { createChainClient, status } from '@granary/client/node'

const [url = 'http://127.0.0.1:7460', cid = ''] = process.argv.slice(2)
const { deals } = await status({ chain: createChainClient({ url }) }, cid)
for (const deal of deals) console.log(`provider ${deal.provider}: ${deal.state}, ${deal.provenEpochs} epochs proven`)
