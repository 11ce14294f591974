#!/bin/sh
#SBATCH --job-name=tcpwatch
#SBATCH --array=1-3
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
# A line of sets.txt is a place and the folder of a rotated set of captures from there. A task reads one of them, and all
# write to one archive. A task that is run again writes the same files again.
set -- $(sed -n "${SLURM_ARRAY_TASK_ID}p" sets.txt)
exec tcpwatch -q -j 2 --max-memory 1G --place "$1" -o parquet:archive "$2"
