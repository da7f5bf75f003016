"""How everything is said: times, people, outcomes, what is masked, and the sentences outside the cards."""
