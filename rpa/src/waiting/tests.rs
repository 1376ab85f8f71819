//! Which job an idle robot gets.

use super::*;

const NOW: i64 = 1_000;
const ROBOT: Guid = Guid(9);

fn job(id: u128, queue: u128, priority: u32, created_ms: i64) -> WaitingJob {
    WaitingJob {
        job: Guid(id),
        execution: Guid(100 + id),
        order: 0,
        queue: Guid(queue),
        priority,
        created_ms,
        number: 1,
        avoid: vec![],
    }
}

fn waiting(jobs: &[WaitingJob]) -> Waiting {
    let mut waiting = Waiting::default();
    for job in jobs {
        waiting.put(job.clone());
    }
    waiting
}

fn chosen(waiting: &Waiting, queues: &[u128]) -> Option<u128> {
    let queues = queues.iter().map(|queue| Guid(*queue));
    waiting.choose(ROBOT, queues, NOW).map(|job| job.job.0)
}

#[test]
fn an_idle_robot_gets_the_highest_priority_then_the_oldest_over_all_its_groups() {
    let jobs = [
        job(1, 1, 5, 30),
        job(2, 1, 5, 20),
        job(3, 2, 5, 10),
        job(4, 2, 7, 40),
        job(5, 3, 9, 1),
    ];
    let rows: [(&[u128], Option<u128>); 6] = [
        (&[1], Some(2)),
        (&[2], Some(4)),
        (&[1, 2], Some(4)),
        (&[2, 1, 3], Some(5)),
        (&[4], None),
        (&[], None),
    ];
    for (queues, expected) in rows {
        assert_eq!(chosen(&waiting(&jobs), queues), expected, "{queues:?}");
    }
}

#[test]
fn a_job_that_avoids_the_robot_is_passed_over_until_its_time() {
    let mut first = job(1, 1, 9, 1);
    first.avoid = vec![(ROBOT, NOW + 30), (Guid(8), NOW + 5)];
    let mut waiting = waiting(&[first, job(2, 1, 5, 2)]);
    assert_eq!(chosen(&waiting, &[1]), Some(2));
    assert_eq!(
        waiting.next_choice_ms(ROBOT, [Guid(1)], NOW),
        Some(NOW + 30)
    );
    assert_eq!(
        waiting
            .choose(ROBOT, [Guid(1)], NOW + 30)
            .map(|job| job.job.0),
        Some(1)
    );
    assert_eq!(
        waiting.choose(Guid(7), [Guid(1)], NOW).map(|job| job.job.0),
        Some(1)
    );
    waiting.remove(Guid(2));
    assert_eq!(chosen(&waiting, &[1]), None);
}

#[test]
fn what_was_made_first_comes_first_whatever_its_id_and_the_clock_say() {
    let made = |id, order, created_ms| WaitingJob {
        order,
        ..job(id, 1, 5, created_ms)
    };
    // The clock was set back before the last one; the first two were made in one millisecond.
    let mut waiting = waiting(&[made(3, 11, 20), made(1, 12, 20), made(2, 13, 10)]);
    waiting.put(WaitingJob {
        number: 2,
        ..made(4, 11, 20)
    });
    let order: Vec<u128> = waiting.in_order(Guid(1)).map(|job| job.job.0).collect();
    assert_eq!(order, [3, 4, 1, 2]);
}

#[test]
fn a_job_stands_in_one_place_however_often_it_is_put() {
    let mut waiting = waiting(&[job(1, 1, 5, 1), job(2, 1, 5, 2)]);
    waiting.put(job(2, 1, 6, 2));
    assert_eq!((chosen(&waiting, &[1]), waiting.len()), (Some(2), 2));
    waiting.put(job(2, 2, 6, 2));
    assert_eq!(
        (chosen(&waiting, &[1]), chosen(&waiting, &[2])),
        (Some(1), Some(2))
    );
    waiting.remove(Guid(1));
    waiting.remove(Guid(1));
    assert!(!waiting.any_in(Guid(1)) && waiting.any_in(Guid(2)));
    waiting.remove(Guid(2));
    assert_eq!(waiting, Waiting::default());
}

#[test]
fn ten_thousand_jobs_with_mixed_priorities_come_out_in_order() {
    let mut waiting = Waiting::default();
    for id in 0..10_000_u32 {
        let scattered = id.wrapping_mul(2_654_435_761) >> 7;
        waiting.put(job(
            u128::from(id),
            u128::from(id % 7),
            scattered % 50,
            i64::from(scattered % 1_000),
        ));
    }
    let mut last = None;
    while let Some(next) = waiting.choose(ROBOT, (0..7).map(Guid), NOW).cloned() {
        assert!(
            last.as_ref()
                .is_none_or(|last: &WaitingJob| last.place() < next.place())
        );
        waiting.remove(next.job);
        last = Some(next);
    }
    assert!(waiting.is_empty());
}
