# Completion of `aatgs` for bash. Verbs and options come from the program's own help.
_aatgs() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words="$("${COMP_WORDS[0]}" --help 2>/dev/null | awk '/^Verbs/ { on = 1; next } on && !NF { exit } on { print $1 }') help"
  else
    case $before in
    --format)
      case ${COMP_WORDS[1]} in
      export) words="perfetto chrome sqlite" ;;
      dump) words="csv json" ;;
      stats) words="prometheus" ;;
      *) words="table json csv" ;;
      esac
      ;;
    --device | -d) words="auto cpu cuda" ;;
    --compare) words="configs decisions telemetry digests time" ;;
    --policy) words="adaptive critical-path original fifo" ;;
    --idle) words="latency balanced power" ;;
    --ring) words="host device" ;;
    --flight-recorder) words="64MiB 1GiB 30s 10min" ;;
    --on-full) words="wait drop" ;;
    --on-failure) words="skip stop" ;;
    --digest) words="writes full off" ;;
    --snapshots) words="auto first 10000 0.5s 16MiB" ;;
    *)
      [[ $word == -* ]] &&
        words=$("${COMP_WORDS[0]}" "${COMP_WORDS[1]}" --help 2>/dev/null | grep -o -E -e '--[a-z][a-z-]*' | sort -u)
      ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _aatgs aatgs
