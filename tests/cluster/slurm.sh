#!/usr/bin/env bash
# slurm.sh start|stop: a Slurm of one node for the tests, on loopback, without systemd. Needs root and
# Debian's slurm-wlm and munge. stop ends and removes what start made, and nothing else.
set -euo pipefail

STATE=/var/lib/feedback-alignment-slurm # keys, sockets, pids, logs
CONF=/etc/slurm/slurm.conf # Snakemake's jobs look there whatever SLURM_CONF says
GRES=/etc/slurm/gres.conf
MARK="# written by tests/cluster/slurm.sh"
HOST=$(hostname -s)
SOCKET=$STATE/munge/munge.socket

fail() {
    echo "error: $*" >&2
    exit 1
}

# within SECONDS COMMAND...: try until it succeeds.
within() {
    local tries=$(($1 * 20))
    shift
    until "$@" > /dev/null 2>&1; do
        ((tries-- > 0)) || return 1
        sleep 0.05
    done
}

# running NAME: print the pid of the daemon that start started.
running() {
    local pid
    pid=$(cat "$STATE/$1.pid" 2> /dev/null) && [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = "$1" ] && echo "$pid"
}

# Slurm listens on the address that the host name means, and that shall be loopback.
name_loopback() {
    [[ $(getent ahostsv4 "$HOST" | awk 'NR == 1 { print $1 }') == 127.* ]] && return
    local others
    others=$(cat /etc/hosts)
    printf '%s\n' "127.0.0.1 $HOST $MARK" "$others" > /etc/hosts # in place: it may be a mount
}

# Memory and processors are bookkeeping: a machine may have fewer than its node offers.
write_configuration() {
    for file in "$CONF" "$GRES"; do
        [ ! -e "$file" ] || grep -qF "$MARK" "$file" || fail "$file belongs to another Slurm"
    done
    mkdir -p "$STATE"/{munge,controller,node} /etc/slurm
    chmod 755 "$STATE" "$STATE/munge"
    [ -s "$STATE/munge/key" ] || (umask 077 && head -c 1024 /dev/urandom > "$STATE/munge/key")
    printf '%s\n' "$MARK" "Name=gpu File=/dev/null" > "$GRES"
    cat > "$CONF" << END
$MARK
ClusterName=tests
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$SOCKET
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny,DisableIPv6
StateSaveLocation=$STATE/controller
SlurmdSpoolDir=$STATE/node
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.pid
SlurmctldLogFile=$STATE/slurmctld.log
SlurmdLogFile=$STATE/slurmd.log
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
# Kill a job that is above its memory, seen once a second.
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
# Refuse at once what no node can give, instead of leaving it in the queue for ever.
EnforcePartLimits=ALL
DefMemPerCPU=512
JobRequeue=0
MinJobAge=3600
KillWait=2
SlurmdParameters=config_overrides
ReturnToService=2
GresTypes=gpu
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=4 RealMemory=8192 Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=$HOST Default=YES MaxTime=INFINITE DefaultTime=60 State=UP
PartitionName=funded Nodes=$HOST AllowAccounts=physics State=UP
END
}

munge_answers() { munge --socket="$SOCKET" --no-input | unmunge --socket="$SOCKET"; }
controller_answers() { scontrol ping | grep -q "is UP"; }
node_is_ready() { sinfo --noheader --nodes="$HOST" --format=%T | grep -Eq "^(idle|mixed|allocated)$"; }

start() {
    [ "$(id -u)" = 0 ] || fail "only root can start Slurm"
    write_configuration
    name_loopback
    running munged > /dev/null || munged --key-file="$STATE/munge/key" --socket="$SOCKET" \
        --pid-file="$STATE/munged.pid" --log-file="$STATE/munged.log" --seed-file="$STATE/munge/seed"
    within 10 munge_answers || fail "munge does not answer; see $STATE/munged.log"
    running slurmctld > /dev/null || slurmctld
    within 20 controller_answers || fail "slurmctld does not answer; see $STATE/slurmctld.log"
    running slurmd > /dev/null || slurmd
    within 20 node_is_ready || fail "the node is not ready; see $STATE/slurmd.log"
}

no_jobs() { [ -z "$(squeue --noheader)" ]; }

stop() {
    [ -d "$STATE" ] || return 0
    if running slurmctld > /dev/null && ! no_jobs; then
        squeue --noheader --format=%A | sort -u | xargs scancel
        within 15 no_jobs || echo "jobs are left behind: $(squeue --noheader)" >&2
    fi
    for daemon in slurmd slurmctld munged; do
        if pid=$(running "$daemon"); then
            kill "$pid"
            within 10 bash -c "! kill -0 $pid" || kill -9 "$pid"
        fi
    done
    for file in "$CONF" "$GRES"; do
        if grep -qsF "$MARK" "$file"; then rm "$file"; fi
    done
    if grep -qF "$MARK" /etc/hosts; then
        others=$(grep -vF "$MARK" /etc/hosts)
        printf '%s\n' "$others" > /etc/hosts
    fi
    rm -rf "$STATE"
}

case "${1:-}" in
start | stop) "$1" ;;
*) fail "usage: $0 start|stop" ;;
esac
