#!/bin/sh
# style.sh limits|format SOURCE_DIR: the rules of form that a program can check.
#   limits: no tabs, no blanks at the ends of lines, a newline at the end, at most 600 lines a file
#   format: as .clang-format says, by clang-format 14 (other versions format differently)
set -eu
rule=$1
cd "$2"

sources() {
  find device host trace tools tests benchmarks -type f \( "$@" \) -print
}
failed=0
complain() {
  echo "$1" >&2
  failed=1
}

case $rule in
limits)
  tab=$(printf '\t')
  for file in $(sources -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' -o -name '*.cpp' \
    -o -name '*.sh' -o -name '*.cmake' -o -name 'CMakeLists.txt') CMakeLists.txt; do
    [ -s "$file" ] || continue
    lines=$(wc -l <"$file")
    [ "$lines" -le 600 ] || complain "$file: $lines lines; split it, 600 are the limit"
    [ -z "$(tail -c 1 "$file")" ] || complain "$file: no newline at the end"
    if found=$(grep -n -m 1 -e "$tab" -e '[[:blank:]]$' "$file"); then
      complain "$file:${found%%:*}: a tab, or blanks at the end of the line"
    fi
  done
  ;;
format)
  tool=
  for name in clang-format-14 clang-format; do
    if command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.'; then
      tool=$name
      break
    fi
  done
  if [ -z "$tool" ]; then
    echo "skipped: clang-format 14 is not here"
    exit 77
  fi
  # bus.h has tables and a nest of macros that read better as they were laid out by hand.
  files=$(sources -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' -o -name '*.cpp' |
    grep -v '^device/bus\.h$')
  for file in $files; do
    "$tool" --dry-run -Werror "$file" 2>/dev/null || complain "to do: $tool -i $file"
  done
  ;;
*)
  echo "usage: style.sh limits|format SOURCE_DIR" >&2
  exit 2
  ;;
esac
exit $failed
