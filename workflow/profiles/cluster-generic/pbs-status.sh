#!/bin/sh
# The state of a PBS job, for cluster-generic.   pbs-status.sh JOB
# Needs a server that remembers finished jobs (job_history_enable = True).
job=$(qstat -x -f "$1" 2>&1)
case $job in
    *"job_state = F"*"Exit_status = 0"*) echo success ;;
    *"job_state = F"* | *"Unknown Job"*) echo failed ;;
    *) echo running ;; # waiting, running, or the server does not answer: ask again
esac
