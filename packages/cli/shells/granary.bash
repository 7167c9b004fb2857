# bash completion of granary: source <(granary completion bash)
_granary() {
  local line files= current=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = : ]; then files=1; else COMPREPLY+=("${line%%$'\t'*}"); fi
  done < <(@GRANARY@ complete -- "${words[@]}" 2>/dev/null)
  if [ -n "$files" ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
  fi
}
complete -F _granary granary
