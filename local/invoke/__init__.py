"""Real invocations: the functions as `sam build` packs them, in containers, with the events of events/."""
