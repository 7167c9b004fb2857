/** Stores the file that is dropped on the page, and fetches what a CID names. The key is for a devnet: it lies in the page's storage. */
import { accountSigner, createChainClient, createGranary } from '@granary/client/browser'
import { memorySink } from '@granary/client/memory'

localStorage.granaryKey ??= JSON.stringify([...crypto.getRandomValues(new Uint8Array(32))])
const account = accountSigner(Uint8Array.from(JSON.parse(localStorage.granaryKey)))
const chain = createChainClient({ url: new URLSearchParams(location.search).get('chain') ?? 'http://127.0.0.1:7460' })
const granary = createGranary({ chain, account })
const [form, output] = [document.querySelector('form'), document.querySelector('output')]
const link = (href, textContent) =>
  output.replaceChildren(Object.assign(document.createElement('a'), { href, textContent }))
const on = (target, type, run) =>
  target.addEventListener(type, (event) => {
    event.preventDefault()
    run?.(event).catch(({ message, hint }) => output.replaceChildren(`${message}. ${hint ?? ''}`))
  })
output.textContent = `This page's account needs money: granary wallet faucet ${account.address}`

on(window, 'dragover')
on(window, 'drop', async ({ dataTransfer }) => {
  const onProgress = ({ type }) => output.replaceChildren(type)
  const { path, rootCid, provider } = await granary.put(dataTransfer.files[0], { onProgress })
  const { endpoints } = await chain.provider(provider)
  link(`${endpoints[0]}/ipfs/${path.split('/').map(encodeURIComponent).join('/')}`, rootCid)
})
on(form, 'submit', async () => {
  const sink = memorySink()
  await granary.save(form.cid.value.trim(), sink)
  link(URL.createObjectURL(sink.blob()), `${sink.blob().size} bytes`)
})
