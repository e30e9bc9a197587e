-- When the next failed delivery to each subscriber is due is asked at every round of the jobs thread; dead ones are not looked at.
CREATE INDEX outbox_exceptions_waiting ON outbox_exceptions (subscriber, next_at) WHERE state = 'waiting';
