/** Stores the chosen file for an account in a wallet: its person is asked once, and from then on the page's own key signs. */
import { createGranary, walletAccount } from '@granary/client/browser'

const chain = new URLSearchParams(location.search).get('chain') ?? 'http://127.0.0.1:7460'
const output = document.querySelector('output')

document.querySelector('input').addEventListener('change', async ({ target }) => {
  try {
    const GRN = 10n ** 18n
    const account = await walletAccount({ chain, wallet: window.ethereum, spendingLimit: 10n * GRN })
    const onProgress = ({ type }) => output.replaceChildren(type)
    const { rootCid } = await createGranary({ chain, account }).put(target.files[0], { onProgress })
    output.replaceChildren(rootCid)
  } catch ({ message, hint }) {
    output.replaceChildren(`${message}. ${hint ?? ''}`)
  }
})
