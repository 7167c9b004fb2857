/** Stores a file on a devnet with a new account, says what happens, and prints the path to it, its CID and its name: `store-a-file.ts CHAIN FILE FOLDER`. */
import { accountSigner, createChainClient, createGranary, hours } from '@granary/client/node'

const [url = 'http://127.0.0.1:7460', file = 'report.pdf', folder = './granary'] = process.argv.slice(2)
const chain = createChainClient({ url })
const signer = accountSigner(crypto.getRandomValues(new Uint8Array(32)))
// A devnet gives money to whoever asks; elsewhere the account has to have some.
await chain.faucet(signer.address)

const granary = createGranary({ chain, signer, folder })
const { path } = await granary.put(file, { duration: hours(1), onProgress: ({ type }) => console.error(type) })
console.log(path)
