#!/bin/sh
# The state of a Slurm job, for cluster-generic.   slurm-status.sh JOB
case $(squeue --noheader --states=all --jobs="$1" --format=%T 2>&1) in
    COMPLETED) echo success ;;
    BOOT_FAIL | CANCELLED | DEADLINE | FAILED | NODE_FAIL | OUT_OF_MEMORY | PREEMPTED | TIMEOUT) echo failed ;;
    *"Invalid job id"*) echo failed ;; # Slurm forgot it: the polls are further apart than MinJobAge
    *) echo running ;; # waiting, running, or the controller does not answer: ask again
esac
