/** A folder with two copies, its price first, and back again: `copies-of-a-folder.ts CHAIN FOLDER OUT`. */
import { accountSigner, createChainClient, createGranary, hours } from '@granary/client/node'

const [url = 'http://127.0.0.1:7460', folder = '.', out = 'back'] = process.argv.slice(2)
const chain = createChainClient({ url })
const signer = accountSigner(crypto.getRandomValues(new Uint8Array(32)))
// A devnet gives money to whoever asks; elsewhere the account has to have some.
await chain.faucet(signer.address)
const granary = createGranary({ chain, signer, folder: `${out}.granary` })

const wanted = { copies: 2, duration: hours(1) }
const { total, slots } = await granary.quote(folder, wanted)
console.error(`${slots.length} deals, at most ${total} attoGRN with all fees`)

const upload = await granary.upload(folder, { ...wanted, maxPrice: BigInt(total), until: 'published' })
upload.start()
for await (const event of upload) console.error(event.type, 'slot' in event ? event.slot : '')
const { path, deals } = await upload.done()
console.log(path, ...deals.map(({ provider }) => provider))

await granary.save(path, out)
