#!/usr/bin/env bash
# Fetches what the build and the local stack need: Debian packages, Apache Kafka and the
# ClickHouse engine; for checks promtool. It may be run again at any time; what is there is left alone.
#
#   deploy/local/setup.sh                 for build and demo
#   deploy/local/setup.sh --with-browser  for the browser tests as well
#   deploy/local/setup.sh --with-promtool for the check of the alarms as well
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
state=$root/.local
log=$state/setup.log
needed_space_gb=3
# Debian's mirrors keep only the newest build of a release, so a package cannot be pinned to one. apt
# holds what it downloads to the archive's signed list; this is the least that will do.
least_promtool=2.42

# The command of the step under way. Bash keeps Ctrl-C from commands in the background, so it is
# ended by hand.
job=
end_job() {
  if [[ -n $job ]]; then
    kill "$job" 2>/dev/null || true
    wait "$job" 2>/dev/null || true
  fi
}
trap end_job EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# Runs a command with its output in the log and the elapsed time on the screen.
step() {
  local label=$1 started=$SECONDS elapsed status=0 said=0
  shift
  printf '== %s: %s\n' "$(date '+%F %T')" "$label" >>"$log"
  "$@" >>"$log" 2>&1 9>&- &
  job=$!
  while kill -0 "$job" 2>/dev/null; do
    elapsed=$((SECONDS - started))
    if [[ -t 1 ]]; then
      printf '\r  %s … %d s' "$label" "$elapsed"
    elif ((elapsed >= said)); then
      printf '  %s … %d s\n' "$label" "$elapsed"
      said=$((elapsed + 10))
    fi
    sleep 0.2
  done
  wait "$job" || status=$?
  job=
  elapsed=$((SECONDS - started))
  if [[ -t 1 ]]; then printf '\r'; fi
  if ((status == 0)); then
    printf '  %s … done in %d s\n' "$label" "$elapsed"
  else
    printf '  %s … failed after %d s\n' "$label" "$elapsed"
    tail -n 15 "$log" | sed 's/^/    | /' >&2
  fi
  return "$status"
}

major_version() { # of the text on standard input
  grep -Eo '[0-9]+(\.[0-9]+)?' | head -n 1
}

check_tools() {
  local hint version
  while read -r tool hint; do
    command -v "$tool" >/dev/null || fail "'$tool' is missing; $hint"
  done <<'TOOLS'
git    install git and run this again.
cargo  install Rust 1.95 or later from https://rustup.rs and run this again.
java   install a Java 17 or later (Debian: openjdk-17-jdk-headless) and run this again.
mvn    install Apache Maven (Debian: maven) and run this again.
node   install Node.js 20 or later and run this again.
npm    install npm, which comes with Node.js 20, and run this again.
python3 install Python 3 (Debian: python3) and run this again.
TOOLS
  version=$(java -XshowSettings:none -version 2>&1 | grep -E 'version "' | major_version) || true
  version=${version%%.*}
  ((${version:-0} >= 17)) || fail "Java is too old (${version:-unknown}); Apache Kafka needs 17 or later: install one and put it first in PATH."
  version=$(node --version | major_version)
  ((${version%%.*} >= 20)) || fail "Node.js is too old ($version); the pages need 20 or later: install one and put it first in PATH."
}

check_disk() {
  local free_kb
  free_kb=$(df --output=avail -k "$root" | tail -n 1)
  ((free_kb >= needed_space_gb * 1024 * 1024)) ||
    fail "only $((free_kb / 1024)) MB are free on the disk of $root; make room for $needed_space_gb GB and run this again."
}

# Prints the Debian packages that are missing. It asks for what the build uses rather than for
# packages, so that other distributions pass as well.
missing_packages() {
  local with_browser=$1
  command -v cc >/dev/null || echo gcc libc6-dev
  command -v c++ >/dev/null || echo g++
  command -v make >/dev/null || echo make
  # OpenSSL serves the Kafka client (TLS, SASL) and both HTTP clients.
  if ! command -v pkg-config >/dev/null; then
    echo pkg-config libssl-dev
  elif ! pkg-config --exists openssl; then
    echo libssl-dev
  fi
  if [[ $with_browser == yes ]]; then
    command -v chromium >/dev/null || command -v google-chrome >/dev/null || echo chromium
    # Without a font for it, Japanese text is boxes.
    [[ -n $(fc-list :lang=ja 2>/dev/null) ]] || echo fonts-ipafont-gothic
    # One of the four clients to whom early answers have to arrive.
    command -v curl >/dev/null || echo curl
    # The test with Python clients makes an environment for them.
    python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
  fi
}

install_packages() {
  local packages
  packages=$(missing_packages "$1" | tr '\n' ' ')
  packages=${packages% }
  [[ -n $packages ]] || return 0
  if ! command -v apt-get >/dev/null; then
    fail "the build needs what Debian calls '$packages'; install it in your distribution's way and run this again."
  fi
  if ((EUID != 0)); then
    fail "Debian packages are missing; run 'sudo apt-get update && sudo apt-get install --no-install-recommends $packages' and then this again."
  fi
  export DEBIAN_FRONTEND=noninteractive
  step 'Reading the list of Debian packages' apt-get -q update ||
    fail "apt-get update failed; see $log, mend it and run this again."
  # shellcheck disable=SC2086 # the packages are words
  step "Installing $packages" apt-get -q install -y --no-install-recommends $packages ||
    fail "apt-get could not install $packages; see $log, mend it and run this again."
}

# Whether a part was fetched from exactly these files.
is_current() { # part, file…
  local part=$1
  shift
  [[ -f $state/$part/fetched-from && $(<"$state/$part/fetched-from") == "$(checksum "$@")" ]]
}

checksum() {
  cat "$@" | sha256sum | cut -d ' ' -f 1
}

fetch_kafka() {
  local pom=$here/kafka/pom.xml fresh=$state/kafka/libs.new
  if [[ -d $state/kafka/libs ]] && is_current kafka "$pom"; then
    return 0
  fi
  mkdir -p "$state/kafka"
  rm -rf "$fresh"
  step 'Fetching Apache Kafka from Maven Central' \
    mvn -B -q -Dstyle.color=never -f "$pom" dependency:copy-dependencies \
    -DincludeScope=runtime "-DoutputDirectory=$fresh" ||
    fail "Maven could not fetch Apache Kafka; see $log, check the network and Maven's settings and run this again."
  rm -rf "$state/kafka/libs"
  mv "$fresh" "$state/kafka/libs"
  checksum "$pom" >"$state/kafka/fetched-from"
}

fetch_clickhouse() {
  local files=("$here/clickhouse/package.json" "$here/clickhouse/package-lock.json")
  local folder=$state/clickhouse machine library
  case $(uname -sm) in
    'Linux x86_64') machine=x64 ;;
    'Linux aarch64') machine=arm64 ;;
    *) fail "the ClickHouse engine is not packaged for $(uname -sm); use Linux on x86-64 or arm64, or set CLICKHOUSE_URL to a server elsewhere and start the services yourself." ;;
  esac
  library=node_modules/@chdb/lib-linux-$machine-gnu/libchdb.so
  if [[ -f $folder/libchdb.so ]] && is_current clickhouse "${files[@]}"; then
    return 0
  fi
  mkdir -p "$folder"
  rm -f "$folder/fetched-from" "$folder/libchdb.so"
  cp "${files[@]}" "$folder/"
  step 'Fetching the ClickHouse engine (566 MB unpacked) from npm' \
    npm ci --prefix "$folder" --include=optional --no-audit --no-fund --loglevel=error ||
    fail "npm could not fetch the ClickHouse engine; see $log, check the network and npm's settings and run this again."
  # npm passes over an optional package that it cannot get.
  [[ -f $folder/$library ]] ||
    fail "npm could not get @chdb/lib-linux-$machine-gnu; check the network and npm's registry setting, see that this Linux has glibc, and run this again."
  ln -s "$library" "$folder/libchdb.so"
  checksum "${files[@]}" >"$folder/fetched-from"
}

# Whether a promtool is there, runs and is new enough.
is_promtool() {
  local version
  version=$("$1" --version 2>&1 | grep -Eo 'version [0-9]+\.[0-9]+' | head -n 1) || return 1
  [[ $(printf '%s\n' "$least_promtool" "${version#version }" | sort -V | head -n 1) == "$least_promtool" ]]
}

# Takes promtool out of Debian's package of Prometheus: installing that would start a server.
fetch_promtool() {
  local folder=$state/prometheus fresh=$state/prometheus.new found package
  if is_promtool "$folder/promtool"; then
    return 0
  fi
  mkdir -p "$folder"
  if found=$(command -v promtool) && is_promtool "$found"; then
    ln -sf "$found" "$folder/promtool"
    return 0
  fi
  if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    fail "the check of the alarms needs promtool $least_promtool or later, which comes with Prometheus; put it into PATH and run this again."
  fi
  rm -rf "$fresh"
  mkdir "$fresh"
  # The lists of packages may be missing, or older than what the mirror has.
  if ! step 'Fetching promtool from Debian' download_package prometheus "$fresh"; then
    ((EUID == 0)) ||
      fail "apt-get could not download the package prometheus; see $log, run 'sudo apt-get update' and then this again."
    step 'Reading the list of Debian packages' apt-get -q update ||
      fail "apt-get update failed; see $log, mend it and run this again."
    step 'Fetching promtool from Debian' download_package prometheus "$fresh" ||
      fail "apt-get could not download the package prometheus; see $log, mend it, or put promtool $least_promtool or later into PATH, and run this again."
  fi
  package=$(echo "$fresh"/prometheus_*.deb)
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$fresh" ./usr/bin/promtool ||
    fail "there is no promtool in $package; see whether the disk is full, delete $fresh and run this again."
  is_promtool "$fresh/usr/bin/promtool" ||
    fail "promtool of $(basename "$package") does not run, or is older than $least_promtool; use Debian 12 or later, or put promtool $least_promtool or later into PATH, and run this again."
  mv "$fresh/usr/bin/promtool" "$folder/promtool"
  rm -rf "$fresh"
}

download_package() { # name, folder
  cd "$2"
  # As root, apt would download as a user of its own, which may not write here.
  apt-get -q -o APT::Sandbox::User=root download "$1"
}

main() {
  local with_browser=no with_promtool=no
  for argument in "$@"; do
    case $argument in
      --with-browser) with_browser=yes ;;
      --with-promtool) with_promtool=yes ;;
      *) fail "'$argument' is not an option; there are --with-browser and --with-promtool." ;;
    esac
  done
  mkdir -p "$state"
  check_tools
  check_disk
  # Two at once would fetch everything twice.
  exec 9>"$state/setup.lock"
  if ! flock -n 9; then
    echo '  Waiting for another setup to end …'
    flock 9
  fi
  install_packages "$with_browser"
  fetch_kafka
  fetch_clickhouse
  if [[ $with_promtool == yes ]]; then
    fetch_promtool
  fi
}

main "$@"
