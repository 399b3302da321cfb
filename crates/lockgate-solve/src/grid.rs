//! The environments that a lock for many machines is held against, one by one.

use lockgate_model::{Region, Target};

/// One environment of the grid.
#[derive(Debug, Clone)]
pub struct Place {
    /// As people read it: `CPython 3.11 on linux x86_64`.
    pub name: String,
    /// What it is.
    pub target: Target,
}

/// The environments of the grid that a lock is for; none of one machine.
pub fn places(lock: &Target) -> Vec<Place> {
    let Some(of_lock) = &lock.points else {
        return Vec::new();
    };
    let marker = lock.region.marker();
    let is_in = |place: &Place| match &place.target.region {
        Region::One(environment) => marker.holds(environment, &[]),
        Region::Many(_) => false,
    };
    let places = of_lock.whole.iter().filter_map(|point| {
        let (name, target) = of_lock.points.place(point)?;
        Some(Place { name, target })
    });
    places.filter(is_in).collect()
}
