/* The verbs, one file each. argv[0] is the verb; the result is an aatgs_exit. */
#ifndef AATGS_TOOLS_VERBS_H
#define AATGS_TOOLS_VERBS_H

int aatgs_verb_run(int argc, char **argv);
int aatgs_verb_replay(int argc, char **argv);
int aatgs_verb_debug(int argc, char **argv);
int aatgs_verb_bisect(int argc, char **argv);
int aatgs_verb_repro(int argc, char **argv);
int aatgs_verb_info(int argc, char **argv);
int aatgs_verb_report(int argc, char **argv);
int aatgs_verb_timeline(int argc, char **argv);
int aatgs_verb_query(int argc, char **argv);
int aatgs_verb_dump(int argc, char **argv);
int aatgs_verb_stats(int argc, char **argv);
int aatgs_verb_schedule(int argc, char **argv);
int aatgs_verb_gen(int argc, char **argv);
int aatgs_verb_export(int argc, char **argv);
int aatgs_verb_diff(int argc, char **argv);
int aatgs_verb_doctor(int argc, char **argv);
int aatgs_verb_verify(int argc, char **argv);
int aatgs_verb_recover(int argc, char **argv);
int aatgs_verb_trim(int argc, char **argv);
int aatgs_verb_pack(int argc, char **argv);
int aatgs_verb_unpack(int argc, char **argv);
int aatgs_verb_ls(int argc, char **argv);
int aatgs_verb_rm(int argc, char **argv);

#endif
