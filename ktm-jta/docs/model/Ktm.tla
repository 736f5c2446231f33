--------------------------------- MODULE Ktm ---------------------------------
\* One transaction from its begin until it is forgotten: commit, recovery, heuristic decisions, a superior.
\* README.md says what is assumed, and which action is which code. Is("...") switches on a seeded bug.
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS
    RM,             \* resource managers
    Dead,           \* those that need never answer; matters only for what happens at last
    MaxFaults,      \* crashes of the coordinator, and forces that fail
    MaxHeuristics,  \* participants that decide on their own
    Mutant          \* the seeded bug, or "none"

VARIABLES
    \* The coordinator; a crash loses it.
    phase,    \* where the transaction stands
    owed,     \* participants that have not answered in this phase
    scanned,  \* participants whose list recovery has read
    offline,  \* whether the log has failed
    \* The log: first what is durable, then what was appended. A record says all that is known, and replaces the former.
    log,
    \* The world; a crash loses nothing of it.
    rm,       \* what each resource manager knows of its branch; "none" if it does not take part
    msgs,     \* all calls and votes ever sent: each may arrive late, again, or never
    asker,    \* what the client knows, or what the superior has decided
    heur,     \* participants that have decided on their own
    faults    \* how many there were

vars == <<phase, owed, scanned, offline, log, rm, msgs, asker, heur, faults>>
Coordinator == <<phase, owed, scanned, offline>>
World == <<rm, msgs, asker, heur, faults>>

Is(bug) == Mutant = bug

Record(status, who, damage) == [status |-> status, who |-> who, damage |-> damage]
Ended == Record("ended", {}, {})
Last == log[Len(log)]
Write(record) == ~offline /\ log' = Append(log, record)
Durable == Len(log) = 1

Parts == {r \in RM : rm[r] # "none"}
Voters == {r \in Parts : rm[r] # "readonly"}
Listed(r) == rm[r] \in {"prepared", "hcommit", "habort"}
Live == phase \notin {"unborn", "gone"}
Superior == asker \in {"open", "told", "commit", "abort", "forgotten"}

Tell(call, whom) == msgs' = msgs \union {<<call, r>> : r \in whom}
Sent(call, r) == <<call, r>> \in msgs
RollBack == phase' = "aborted" /\ owed' = Parts /\ Tell("rollback", Parts)

Init ==
    /\ phase = "unborn" /\ owed = {} /\ scanned = {} /\ offline = FALSE /\ log = <<Record("none", {}, {})>>
    /\ rm \in [RM -> {"none", "active"}] /\ Parts # {}
    /\ msgs = {} /\ asker \in {"waiting", "open"} /\ heur = {} /\ faults = 0

------------------------------------------------------------------------------
\* Resource managers. What is prepared or decided is durable; before that a crash is a rollback.

Becomes(r, state) == rm' = [rm EXCEPT ![r] = state]

Obeying(call, state) ==
    CASE state = "active" /\ call = "one phase" -> "committed"
      [] state = "prepared" /\ call = "commit" -> "committed"
      [] state = "prepared" /\ call = "rollback" -> "aborted"
      [] state = "hcommit" /\ call = "forget" -> "committed"
      [] state = "habort" /\ call = "forget" -> "aborted"
      [] state = "committed" /\ call = "commit" /\ Is("a resource manager loses what it has committed") -> "prepared"
      [] OTHER -> state

RmPrepare(r) ==
    /\ rm[r] = "active" /\ Sent("prepare", r)
    /\ \/ Becomes(r, "prepared") /\ Tell("yes", {r})
       \/ Becomes(r, "readonly") /\ UNCHANGED msgs
    /\ UNCHANGED <<Coordinator, log, asker, heur, faults>>

RmObey(r) ==
    /\ \E call \in {"one phase", "commit", "rollback", "forget"} : Sent(call, r) /\ Becomes(r, Obeying(call, rm[r]))
    /\ rm' # rm
    /\ UNCHANGED <<Coordinator, log, msgs, asker, heur, faults>>

\* It crashes, refuses, or is told to roll back before it is prepared.
RmAbort(r) ==
    /\ rm[r] = "active" /\ phase # "unborn" /\ Becomes(r, "aborted")
    /\ UNCHANGED <<Coordinator, log, msgs, asker, heur, faults>>

RmHeuristic(r) ==
    /\ rm[r] = "prepared" /\ Cardinality(heur) < MaxHeuristics /\ heur' = heur \union {r}
    /\ Becomes(r, "hcommit") \/ Becomes(r, "habort")
    /\ UNCHANGED <<Coordinator, log, msgs, asker, faults>>

------------------------------------------------------------------------------
\* The coordinator until it has decided.

Begin == phase = "unborn" /\ phase' = "active" /\ UNCHANGED <<owed, scanned, offline, log, World>>

Commit ==
    /\ phase = "active" /\ owed' = Parts
    /\ \/ phase' = "preparing" /\ Tell("prepare", Parts)
       \/ phase' = "delegated" /\ Tell("one phase", Parts) /\ ~Superior /\ Cardinality(Parts) = 1
    /\ UNCHANGED <<scanned, offline, log, rm, asker, heur, faults>>

Vote(r) ==
    /\ phase = "preparing" /\ r \in owed /\ owed' = owed \ {r}
    /\ Sent("yes", r) \/ rm[r] = "readonly" \/ Is("silence is a yes")
    /\ UNCHANGED <<phase, scanned, offline, log, World>>

\* For any reason: the client, a refusal, no answer, a timeout, no space in the log.
Abort ==
    /\ phase \in {"active", "preparing"} \/ (phase = "deciding" /\ Is("a timeout while the decision is written"))
    /\ RollBack
    /\ UNCHANGED <<scanned, offline, log, rm, asker, heur, faults>>

AllVoted ==
    /\ phase = "preparing" /\ owed = {}
    /\ IF Superior THEN phase' = "promising" /\ Write(Record("prepared", Voters, {}))
       ELSE IF Voters # {} THEN phase' = "deciding" /\ Write(Record("committed", Voters, {}))
       ELSE phase' = "committed" /\ UNCHANGED log
    /\ UNCHANGED <<owed, scanned, offline, World>>

Decided ==
    /\ phase = "deciding" /\ (Durable \/ Is("commit before the force"))
    /\ phase' = "committed" /\ owed' = Last.who /\ Tell("commit", Last.who)
    /\ UNCHANGED <<scanned, offline, log, rm, asker, heur, faults>>

Promised ==
    /\ phase = "promising" /\ (Durable \/ Is("the superior is told before the force"))
    /\ phase' = "prepared" /\ asker' = IF asker = "open" THEN "told" ELSE asker
    /\ UNCHANGED <<owed, scanned, offline, log, rm, msgs, heur, faults>>

\* What was being written may be there or not. A promise may be rolled back: the superior has not been told of it.
LogFails ==
    /\ ~offline /\ offline' = TRUE /\ faults < MaxFaults /\ faults' = faults + 1
    /\ CASE phase = "deciding" /\ ~Is("unknown is rolled back") -> phase' = "unavailable" /\ UNCHANGED <<owed, msgs>>
         [] phase \in {"deciding", "promising"} -> RollBack
         [] OTHER -> UNCHANGED <<phase, owed, msgs>>
    /\ UNCHANGED <<scanned, log, rm, asker, heur>>

\* The only participant decides. If its answer is lost, the client is told that nobody knows.
Delegated ==
    /\ phase = "delegated" /\ phase' = "gone" /\ owed' = {}
    /\ \E r \in Parts : \/ rm[r] = "committed" /\ asker' = "committed"
                        \/ rm[r] = "aborted" /\ asker' = "rolled back"
                        \/ asker' = IF Is("no answer to one phase is a rollback") THEN "rolled back" ELSE "unknown"
    /\ UNCHANGED <<scanned, offline, log, rm, msgs, heur, faults>>

------------------------------------------------------------------------------
\* The coordinator once it has decided, and again after each crash.

TellClient ==
    /\ asker = "waiting"
    /\ (phase = "committed" /\ asker' = "committed") \/ (phase = "aborted" /\ asker' = "rolled back")
    /\ UNCHANGED <<Coordinator, log, rm, msgs, heur, faults>>

Contradicts(r) == (phase = "committed" /\ rm[r] = "habort") \/ (phase = "aborted" /\ rm[r] = "hcommit")

RecordDamage(r) ==
    /\ r \in owed /\ Contradicts(r) /\ r \notin Last.damage
    /\ LET all == Last.damage \union {r}
       IN IF phase = "aborted" THEN Write(Record("rolled back", {}, all))
          ELSE Write(Record("committed", IF Is("damage replaces the participants") THEN {} ELSE Last.who, all))
    /\ UNCHANGED <<Coordinator, World>>

\* It has done as it was told, or is not listed; or it acted on its own, and if that is damage, it is durable.
Answer(r) ==
    /\ phase \in {"committed", "aborted"} /\ r \in owed /\ owed' = owed \ {r}
    /\ \/ /\ ~Listed(r) \/ Is("the list of another is believed")
          /\ ~(faults > 0 /\ Is("what is not listed is waited for")) /\ UNCHANGED msgs
       \/ /\ rm[r] \in {"hcommit", "habort"} /\ Tell("forget", {r})
          /\ Contradicts(r) => r \in log[1].damage \/ Is("damage is forgotten before it is written")
    /\ UNCHANGED <<phase, scanned, offline, log, rm, asker, heur, faults>>

Forget ==
    /\ phase \in {"committed", "aborted"} /\ phase' = "gone"
    /\ owed = {} \/ Is("the end is written when all are told") \/ (asker # "waiting" /\ Is("postponed is finished"))
    /\ IF offline \/ Last.status \in {"none", "ended"} \/ Last.damage # {} THEN UNCHANGED log ELSE Write(Ended)
    /\ UNCHANGED <<owed, scanned, offline, World>>

\* A force of anybody; or a checkpoint, which carries forward what is live.
Force ==
    /\ ~offline
    /\ log' = <<IF phase = "committed" /\ Is("a checkpoint drops the decision") THEN Ended ELSE Last>>
    /\ UNCHANGED <<Coordinator, World>>

\* Crash and restart. Whoever the log says has to commit is told again.
Crash ==
    /\ (offline /\ UNCHANGED faults) \/ (faults < MaxFaults /\ faults' = faults + 1)
    /\ \E i \in 1..Len(log) :
          /\ log' = <<log[i]>> /\ owed' = log[i].who
          /\ CASE log[i].status = "committed" -> phase' = "committed" /\ Tell("commit", log[i].who)
               [] log[i].status = "prepared" /\ ~Is("in doubt is an orphan") -> phase' = "prepared" /\ UNCHANGED msgs
               [] OTHER -> phase' = "gone" /\ UNCHANGED msgs
    /\ scanned' = {} /\ offline' = FALSE /\ asker' = IF asker = "waiting" THEN "unknown" ELSE asker
    /\ UNCHANGED <<rm, heur>>

\* Recovery asks for the list first, and then which transactions are live.
Scan(r) ==
    /\ r \notin scanned /\ scanned' = scanned \union {r}
    /\ IF Is("live is asked before the list") THEN ~Live ELSE Listed(r)
    /\ UNCHANGED <<phase, owed, offline, log, World>>

Orphan(r) == \/ ~Live \/ Is("live is an orphan") \/ Is("live is asked before the list")
             \/ (phase = "unavailable" /\ Is("unavailable is an orphan"))

\* What is to be done about a listed branch. An orphan that has committed on its own is reported, and stays.
Order(r) ==
    CASE phase = "committed" /\ r \in owed -> "commit"
      [] phase = "aborted" -> "rollback"
      [] Is("orphans are left alone") -> "nothing"
      [] Orphan(r) /\ rm[r] = "prepared" -> IF Is("presumed commit") THEN "commit" ELSE "rollback"
      [] Orphan(r) /\ rm[r] = "habort" -> "forget"
      [] OTHER -> "nothing"

CarryOut(r, obeys) ==
    /\ r \in scanned /\ scanned' = scanned \ {r}
    /\ IF ~Listed(r) \/ Order(r) = "nothing" THEN UNCHANGED <<msgs, rm>>
       ELSE Tell(Order(r), {r}) /\ IF obeys THEN Becomes(r, Obeying(Order(r), rm[r])) ELSE UNCHANGED rm
    /\ UNCHANGED <<phase, owed, offline, log, asker, heur, faults>>

------------------------------------------------------------------------------
\* The superior, which presumes abort as well: what it has forgotten it rolls back.

SupDecide ==
    /\ \/ asker \in {"open", "told"} /\ asker' = "abort"
       \/ asker = "told" /\ asker' = "commit"
       \/ /\ asker = "commit" /\ asker' = "forgotten"
          /\ phase \in {"committed", "gone"} \/ (phase = "unavailable" /\ Is("unavailable is hidden from the superior"))
    /\ UNCHANGED <<Coordinator, log, rm, msgs, heur, faults>>

SupOrder ==
    /\ phase = "prepared"
    /\ \/ /\ asker = "commit" /\ phase' = "deciding" /\ UNCHANGED <<owed, msgs>>
          /\ Write(Record("committed", Last.who, {}))
       \/ asker \in {"abort", "forgotten"} /\ RollBack /\ UNCHANGED log
    /\ UNCHANGED <<scanned, offline, rm, asker, heur, faults>>

------------------------------------------------------------------------------
Next ==
    \/ Begin \/ Commit \/ Abort \/ AllVoted \/ Decided \/ Promised \/ LogFails \/ Delegated
    \/ TellClient \/ Forget \/ Force \/ Crash \/ SupDecide \/ SupOrder
    \/ \E r \in RM : \/ RmPrepare(r) \/ RmObey(r) \/ RmAbort(r) \/ RmHeuristic(r)
                     \/ Vote(r) \/ RecordDamage(r) \/ Answer(r) \/ Scan(r)
                     \/ \E obeys \in BOOLEAN : CarryOut(r, obeys)

\* A failed log is restarted, and whoever is asked again and again obeys at last. All else may never arrive.
Fairness ==
    /\ WF_vars(Abort \/ AllVoted \/ Decided \/ Promised \/ Delegated \/ Forget \/ SupOrder)
    /\ WF_vars(Force) /\ WF_vars(SupDecide) /\ WF_vars(offline /\ Crash)
    /\ \A r \in RM \ Dead : /\ WF_vars(Vote(r) \/ RecordDamage(r) \/ Answer(r))
                            /\ WF_vars(Scan(r)) /\ SF_vars(CarryOut(r, TRUE))

Spec == Init /\ [][Next]_vars /\ Fairness
Symmetry == Permutations(RM)

------------------------------------------------------------------------------
\* What must hold. Whoever acts on its own answers for itself: the rest have one outcome.

Committed(r) == r \notin heur /\ rm[r] = "committed"
Aborted(r) == r \notin heur /\ rm[r] = "aborted"
Told == \E r \in RM : Sent("commit", r)

\* Nobody is told to commit before all have voted and the decision is durable.
I1 == Told => /\ \A r \in Parts : Sent("yes", r) \/ rm[r] = "readonly"
              /\ log[1].status \in {"committed", "ended"}

\* All have the same outcome.
I2 == \A r, q \in RM : ~(Committed(r) /\ Aborted(q))

\* Damage that its resource manager has forgotten is in the log, whatever a crash takes.
I2Damage == \A r \in heur : rm[r] = (IF Told THEN "aborted" ELSE "committed") =>
                \A i \in 1..Len(log) : r \in log[i].damage

\* What the client was told, or the superior decided, stays true.
I3 == \A r \in RM : /\ asker \in {"committed", "commit", "forgotten"} => ~Aborted(r)
                    /\ asker \in {"rolled back", "abort"} => ~Committed(r)

\* A decision that somebody was told is in the log, whatever a crash takes, until nobody is prepared.
I5 == Told /\ (\E i \in 1..Len(log) : log[i].status # "committed") => \A r \in RM : rm[r] # "prepared"

\* Whoever is prepared comes to an end, and so does what the log has to remember.
Finishes == \A r \in RM \ Dead : []<>(rm[r] # "prepared")
LogEnds == []<>(Last.status \in {"none", "ended"} \/ Last.damage # {})
==============================================================================
